#include "source/yaml_scalar.hpp"

#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>

namespace meridian::source {
namespace {

TEST_CASE("a plain scalar means what the core schema says") {
  struct {
    const char* text;
    const char* json;
  } cases[] = {
      {"", "null"},
      {"~", "null"},
      {"null", "null"},
      {"NULL", "null"},
      {"nUll", "\"nUll\""},
      {"true", "true"},
      {"False", "false"},
      {"yes", "\"yes\""},
      {"off", "\"off\""},
      {"0", "0"},
      {"-0", "0"},
      {"+12", "12"},
      {"-7", "-7"},
      {"0o17", "15"},
      {"0x1F", "31"},
      {"0x", "\"0x\""},
      {"017", "17"},
      {"9223372036854775807", "9223372036854775807"},
      {"18446744073709551615", "18446744073709551615"},
      {"1.5", "1.5E0"},
      {".5", "5E-1"},
      {"1e3", "1E3"},
      {"-", "\"-\""},
      {".", "\".\""},
      {"1e", "\"1e\""},
      {"1e999", "\"1e999\""},
      {".inf", "\".inf\""},
      {".nan", "\".nan\""},
      {"1.2.3", "\"1.2.3\""},
      {"240.0.0.2", "\"240.0.0.2\""},
      {"2001:db8::1", "\"2001:db8::1\""},
      {"2024-05-01T00:00:00Z", "\"2024-05-01T00:00:00Z\""},
      {"httpbin.bar.global", "\"httpbin.bar.global\""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(boost::json::serialize(plain_scalar(c.text)) == c.json);
  }
}

}  // namespace
}  // namespace meridian::source
