#pragma once
// How single values are written as text: durations, sizes, addresses, words. Pure; knows nothing of YAML.

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <meridian/config/config.hpp>

namespace meridian::config {

// What a text must look like to be a T, and what it then is.
template <class T>
struct Form {
  std::string expected;  // completes "expected ..."
  std::function<std::optional<T>(std::string_view)> parse;
  bool bare = false;  // a number or a boolean: in quotes it is a text and refused
  // What is expected in place of this text, where its beginning tells more closely what was meant.
  std::function<std::string(std::string_view)> expected_instead = nullptr;
};

inline constexpr seconds kLongestTtl{std::numeric_limits<std::int32_t>::max()};  // RFC 2181, 8
inline constexpr seconds kLongest = std::chrono::hours(1'200'000);               // a little more than twice that

Form<bool> boolean();
Form<std::uint64_t> integer(std::uint64_t least, std::uint64_t most);
Form<unsigned> percent();  // "50%", 0 to 100
// "64MiB"; B, KiB, MiB or GiB; in octets.
Form<std::uint64_t> size(std::uint64_t least, std::uint64_t most);
// "250ms", "30s", "5m", "1h".
Form<milliseconds> duration(milliseconds least, milliseconds most);
Form<seconds> whole_seconds(seconds least, seconds most);

Form<std::string> text(std::size_t longest, std::string expected);
Form<std::filesystem::path> path(std::string expected);
Form<boost::asio::ip::address> address();
// "10.0.0.1:53", "[::1]:53"; without a port: `port`, or refused if there is no such default.
Form<Endpoint> endpoint(std::optional<std::uint16_t> port);
Form<Cidr> cidr();
Form<Forward::Upstream> upstream();
// A domain name other than the root; lower case, no final dot.
Form<std::string> domain();

// One of a few words.
template <class E>
Form<E> one_of(std::initializer_list<std::pair<const char*, E>> words) {
  std::vector<std::pair<const char*, E>> all(words);
  std::string expected;
  for (std::size_t i = 0; i < all.size(); ++i) {
    expected += i == 0 ? "" : i + 1 < all.size() ? ", " : " or ";
    expected += all[i].first;
  }
  return {std::move(expected), [all = std::move(all)](std::string_view text) -> std::optional<E> {
            for (const auto& [word, value] : all)
              if (text == word) return value;
            return std::nullopt;
          }};
}

// In the largest unit that needs no fraction: "90s", "2h".
std::string to_text(milliseconds duration);

// The address itself where it is v4, also for ::ffff:a.b.c.d: they are one host.
boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

}  // namespace meridian::config
