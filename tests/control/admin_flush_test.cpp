#include "control/admin_flush.hpp"

#include <doctest/doctest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "control/admin.hpp"
#include "pages.hpp"

using namespace meridian;
using namespace meridian::control::test;

namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// "everything", "www.test.net", "www.test.net and below", or the beginning of the error.
std::string parsed(const Parameters& parameters) {
  const auto result = control::parse_flush(parameters);
  if (const auto* error = std::get_if<control::FlushError>(&result)) {
    return error->text.substr(0, error->text.find(':') + 1);
  }
  const auto& flush = std::get<control::Flush>(result);
  if (!flush.name) return "everything";
  return flush.name->to_text() + (flush.below ? " and below" : "");
}

// Status and body of the reply to a POST.
std::string post(RunningReconciler& it, const config::Endpoint& admin, const std::string& target,
                 const std::string& token) {
  namespace asio = boost::asio;
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({admin.address, admin.port});
  asio::write(socket, asio::buffer("POST " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                                   (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") + "\r\n"));
  socket.non_blocking(true);
  std::string reply;
  const bool ended = it.until([&] {
    char octets[4096];
    boost::system::error_code error;
    reply.append(octets, socket.read_some(asio::buffer(octets), error));
    return error && error != asio::error::would_block;
  });
  if (!ended) return "no reply";
  return reply.substr(9, 4) + reply.substr(reply.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE("what a flush is asked to forget") {
  struct {
    const char* title;
    Parameters parameters;
    const char* flush;
  } cases[] = {
      {"everything", {}, "everything"},
      {"a name with all its types", {{"name", "www.test.net"}}, "www.test.net"},
      {"a name and what is below", {{"name", "test.net."}, {"below", "true"}}, "test.net and below"},
      {"the other way round", {{"below", "true"}, {"name", "test.net"}}, "test.net and below"},
      {"the name alone, said aloud", {{"name", "test.net"}, {"below", "false"}}, "test.net"},
      {"the root", {{"name", "."}}, "."},
      {"an octet that needs an escape", {{"name", "a\\032b.test"}}, "a\\032b.test"},
      {"a name that is empty is not everything", {{"name", ""}}, "name:"},
      {"a name with an empty label", {{"name", "a..b"}}, "name:"},
      {"two names", {{"name", "a.test"}, {"name", "b.test"}}, "name:"},
      {"a parameter that is misspelled", {{"nmae", "a.test"}}, "nmae:"},
      {"below of no name", {{"below", "true"}}, "below:"},
      {"below as a number", {{"name", "a.test"}, {"below", "1"}}, "below:"},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      CHECK(parsed(c.parameters) == c.flush);
    }
  }
}

TEST_CASE("a flush over HTTP") {
  const Scratch scratch;
  std::ofstream(scratch.path() / "token") << "secret\n";
  RunningReconciler it(scratch.config());
  Pages pages(scratch, it, "admin: {token-file: " + (scratch.path() / "token").string() + "}\n");
  std::string flushed;
  pages.frontend.flush = [&](const dns::Name* name, bool below) -> std::size_t {
    flushed = (name ? name->to_text() : "everything") + (below ? " and below" : "");
    return 7;
  };
  control::Admin admin(it.loop(), "127.0.0.1:0", pages.view());
  const auto ask = [&](const std::string& target, const std::string& token) {
    return post(it, admin.bound(), target, token);
  };

  struct {
    const char *title, *target, *token, *reply, *flushed;
  } cases[] = {
      {"says how many replies went", "/api/v1/flush", "secret", "200 {\"flushed\":7}\n", "everything"},
      {"takes a name from the URL", "/api/v1/flush?name=www.test.net&below=true", "secret", "200 {\"flushed\":7}\n",
       "www.test.net and below"},
      {"decodes it", "/api/v1/flush?name=%77ww.test.net", "secret", "200 {\"flushed\":7}\n", "www.test.net"},
      {"with a name that is none forgets nothing", "/api/v1/flush?name=a..b", "secret", "400", ""},
      {"takes the token", "/api/v1/flush", "guess", "403", ""},
      {"without the token does not look at the name", "/api/v1/flush?name=a..b", "", "403", ""},
  };
  for (const auto& c : cases) {
    SUBCASE(c.title) {
      const auto reply = ask(c.target, c.token);
      CHECK_MESSAGE(reply.starts_with(c.reply), reply);
      CHECK(flushed == c.flushed);
    }
  }
}
