// The service of library.proto.
#pragma once

#include <string>

#include "library.tern.h"

namespace tern::rest::test {

namespace library = ::tern::test::library::v1;

class LibraryService final : public library::Library::AsyncService {
 public:
  Task<library::Book> GetBook(ServerContext& context, const library::GetBookRequest& request) override {
    for (const auto& [name, value] : context.metadata()) {
      if (name == "x-tell") context.initial_metadata().add("x-told", value);
      if (name == "x-forwarded-for") context.trailing_metadata().add("x-seen", value);
    }
    if (request.name() == "shelves/1/books/missing") ServerContext::abort(StatusCode::kNotFound, "no \"missing\"");
    library::Book book;
    book.set_name(request.name());
    book.set_title("한글");
    for (const std::string& path : request.mask().paths()) book.add_authors(path);
    co_return book;
  }
  Task<library::ListBooksResponse> ListBooks(ServerContext& /*context*/,
                                             const library::ListBooksRequest& request) override {
    library::ListBooksResponse response;
    *response.mutable_asked() = request;
    for (int i = 0; i < request.page_size(); ++i) response.add_books()->set_title("book " + std::to_string(i));
    co_return response;
  }
  Task<library::Book> CreateBook(ServerContext& /*context*/, const library::WriteBookRequest& request) override {
    library::Book book = request.book();
    book.set_name("shelves/" + request.shelf() + (request.draft() ? "/drafts" : "/books"));
    co_return book;
  }
  Task<library::Book> UpdateBook(ServerContext& context, const library::WriteBookRequest& request) override {
    return CreateBook(context, request);
  }
  Task<library::Book> LendBook(ServerContext& context, const library::GetBookRequest& request) override {
    return GetBook(context, request);
  }
  AsyncGenerator<library::Book> Watch(ServerContext& /*context*/, const library::WatchRequest& request) override {
    for (int i = 0; i < request.count(); ++i) {
      library::Book book;
      book.set_title("book " + std::to_string(i));
      co_yield std::move(book);
    }
    if (request.status() != 0) ServerContext::abort(static_cast<StatusCode>(request.status()), "as asked");
  }
};

}  // namespace tern::rest::test
