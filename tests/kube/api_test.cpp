#include "kube/api.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

#include "api_server.hpp"
#include "running.hpp"

namespace meridian::kube {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using test::run;

Request get(std::string target) {
  Request request;
  request.target = std::move(target);
  return request;
}

TEST_CASE("an API server that answers") {
  const test::ApiServer server;
  asio::io_context loop;
  Api api(loop, server.settings());
  SUBCASE("gives what is asked for") {
    const auto answer = run(loop, api.send(get("/version")));
    CHECK(answer.status == 200);
    CHECK(json::parse(answer.body).at("minor") == "34");
  }
}

}  // namespace
}  // namespace meridian::kube
