"""Mistakes that the compiler finds: each snippet does not compile, and the compiler's message has the sentence that
says what to do: does_not_compile_test.py COMPILER SOURCE"""
import subprocess
import sys
import unittest

COMPILER, SOURCE = sys.argv[1:]
del sys.argv[1:]

BEGINNING = """#include "tern/client/generic_stub.h"
#include "tern/detail/arena_handlers.h"
#include "tern/server/generic_service.h"
#include <google/protobuf/wrappers.pb.h>
using namespace tern;
using Message = google::protobuf::StringValue;
class Users final : public Service {
 public:
  Users() : Service("Users") { @constructor@ }
  Task<Message*> find(ServerContext&, const Message&) { co_return nullptr; }
  AsyncGenerator<Message*> list(ServerContext&, const Message&) { co_return; }
  Task<Message> by_value(ServerContext&, const Message&) { co_return Message{}; }
  Message plain(ServerContext&, const Message&) { return {}; }
};
Task<void> use(GenericStub stub) { @body@ }
"""
CALL = 'stub.unary("/a.B/C", RawMessage{})'
ARENA = ("on_arena() needs a member function of the service: Task<Response*> or AsyncGenerator<Response*> of "
         "(ServerContext&, const Request&)")


class DoesNotCompile(unittest.TestCase):
    def compile(self, body="co_return;", constructor=""):
        text = BEGINNING.replace("@body@", body).replace("@constructor@", constructor)
        return subprocess.run([COMPILER, "-std=c++20", "-fsyntax-only", "-Wall", "-Werror", f"-I{SOURCE}/include", "-x",
                               "c++", "-"], input=text, capture_output=True, text=True, timeout=300)

    def test_right_code_compiles(self):
        done = self.compile(f"auto call = {CALL}; co_await std::move(call); co_await {CALL};",
                            'on_arena("Find", *this, &Users::find); on_arena("List", *this, &Users::list);')
        self.assertEqual(done.returncode, 0, done.stderr[:4000])

    def test_mistakes_are_told(self):
        for sentence, options in (
                ("a call is awaited once: co_await std::move(call)", {"body": f"auto call = {CALL}; co_await call;"}),
                ("a call begins when it is awaited: co_await it", {"body": f"{CALL}; co_return;"}),
                (ARENA, {"constructor": 'on_arena("Find", *this, &Users::by_value);'}),
                (ARENA, {"constructor": 'on_arena("Find", *this, &Users::plain);'})):
            with self.subTest(sentence=sentence, **options):
                done = self.compile(**options)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(sentence, done.stderr)


if __name__ == "__main__":
    unittest.main()
