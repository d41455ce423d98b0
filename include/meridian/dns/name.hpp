#pragma once
// Domain names in the two forms that a server needs: one to keep, one to look up.

#include <array>
#include <boost/system/result.hpp>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <meridian/dns/types.hpp>

namespace meridian::dns {

enum class NameError { Empty, EmptyLabel, LabelTooLong, NameTooLong, BadEscape };
std::string_view to_text(NameError error);

// A domain name that is kept: wire form (RFC 1035, 3.1), always absolute, 1 to 255 octets, in the case it was given.
// A value: copy it, share it, compare it (octet for octet; use folded() for the DNS' own equality, RFC 4343).
class Name {
 public:
  Name();  // the root

  // Presentation form, "httpbin.bar.global" with or without the final dot; \. and \DDD escapes (RFC 1035, 5.1).
  static boost::system::result<Name, NameError> from_text(std::string_view text);
  // The octets of a name that has been checked already (uncompressed, root label at the end); asserts that they are
  // one.
  static Name from_wire(std::span<const std::uint8_t> wire);

  std::span<const std::uint8_t> wire() const;
  std::string to_text() const;  // without the final dot, except for the root, which is "."
  Name folded() const;          // A to Z become a to z, nothing else changes (RFC 4343)
  std::size_t labels() const;   // without the root label
  bool is_root() const { return wire_.size() == 1; }
  Name parent() const;                     // without the first label; the root is its own parent
  bool is_within(const Name& apex) const;  // equal to apex or below it; ignores case
  boost::system::result<Name, NameError> child(std::string_view label) const;  // raw octets of one label put in front

  auto operator<=>(const Name&) const = default;

 private:
  explicit Name(std::string wire) : wire_(std::move(wire)) {}
  std::string wire_;
};

// A name made ready for looking up: folded to lower case, with the place of each label. Lives on the stack of the
// packet path, so it never allocates; its arrays are meant to stay uninitialised beyond `size` and `labels`.
struct FoldedName {
  std::array<std::uint8_t, kMaxName> octets;     // wire form, lower case, root label at the end
  std::array<std::uint8_t, kMaxLabels> offsets;  // offsets[i]: where label i begins in octets; i < labels
  std::uint8_t size = 0;                         // octets in use
  std::uint8_t labels = 0;                       // without the root label

  FoldedName() {}  // NOLINT: leaves the arrays as they are, on purpose
  explicit FoldedName(const Name& name);

  std::span<const std::uint8_t> wire() const { return {octets.data(), size}; }
  // The name without its first `skip` labels (skip <= labels); suffix(labels) is the root.
  std::span<const std::uint8_t> suffix(unsigned skip) const {
    const unsigned at = skip < labels ? offsets[skip] : size - 1u;
    return {octets.data() + at, size - at};
  }
  // The octets of label `i` without its length; i < labels.
  std::string_view label(unsigned i) const {
    return {reinterpret_cast<const char*>(octets.data()) + offsets[i] + 1, octets[offsets[i]]};
  }
};

}  // namespace meridian::dns
