// The service of web.proto.
#pragma once

#include <google/protobuf/any.pb.h>

#include <array>
#include <string>

#include "google/rpc/status.pb.h"
#include "tern/tern.h"
#include "web.tern.h"

namespace tern::rest::test {

using ::tern::test::web::v1::Note;
using ::tern::test::web::v1::Notes;

class NotesService final : public Notes::AsyncService {
 public:
  Task<Note> Look(ServerContext& context, const Note& note) override {
    if (note.text().starts_with("fail")) ServerContext::abort(failure());
    co_return echo(context, note);
  }
  Task<Note> Write(ServerContext& context, const Note& note) override { co_return echo(context, note); }
  Task<Note> Close(ServerContext& context, const Note& note) override { co_return echo(context, note); }
  AsyncGenerator<Note> Watch(ServerContext& context, const Note& note) override {
    if (note.text().starts_with("fail")) ServerContext::abort(failure());
    const Note answer = echo(context, note);
    for (int i = 0; i < 3; ++i) co_yield answer;
  }
  Task<Note> Gather(ServerContext& context, Reader<Note>& notes) override {
    Note all;
    while (const std::optional<Note> note = co_await notes.next()) all.set_text(all.text() + note->text());
    co_return echo(context, all);
  }

 private:
  static Note echo(ServerContext& context, const Note& note) {
    Note answer = note;
    if (note.text().starts_with("compress")) context.set_compression(Compression::kGzip);
    static constexpr std::array<std::string_view, 4> kSeen{"user-agent", "tern-http-method", "tern-http-query",
                                                           "x-forwarded-for"};
    for (const std::string_view key : kSeen) {
      if (note.text() != "look") break;
      for (const std::string_view value : context.metadata().get_all(key)) {
        answer.add_seen(std::string{key} + "=" + std::string{value});
      }
    }
    return answer;
  }

  /// With a detail that the program knows, and one that it does not.
  static Status failure() {
    google::rpc::Status whole;
    whole.set_code(static_cast<int>(StatusCode::kFailedPrecondition));
    Note detail;
    detail.set_text("why");
    whole.add_details()->PackFrom(detail);
    google::protobuf::Any& unknown = *whole.add_details();
    unknown.set_type_url("type.googleapis.com/a.Unknown");
    unknown.set_value("\x08\x01");
    return Status{StatusCode::kFailedPrecondition, "as asked", whole.SerializeAsString()};
  }
};

}  // namespace tern::rest::test
