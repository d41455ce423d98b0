#include <algorithm>
#include <cassert>
#include <cstring>
#include <meridian/dns/message_builder.hpp>

#include "walker.hpp"

namespace meridian::dns {
namespace {

// The header's third and fourth octets (RFC 1035, 4.1.1; RFC 2535, 6.1).
constexpr unsigned kResponse = 0x80;
constexpr unsigned kOpcodeShift = 3;
constexpr unsigned kAuthoritative = 0x04;
constexpr unsigned kTruncated = 0x02;
constexpr unsigned kRecursionDesired = 0x01;
constexpr unsigned kRecursionAvailable = 0x80;
constexpr unsigned kCheckingDisabled = 0x10;
constexpr unsigned kLowRcode = 0x0f;

constexpr std::size_t kTypeAndClass = 4;
constexpr std::size_t kRdlengthAt = 8;    // in a record of an RRsetView: behind TYPE, CLASS, TTL
constexpr std::size_t kFixedFields = 10;  // TYPE, CLASS, TTL, RDLENGTH
constexpr std::size_t kPointer = 2;       // octets of a compression pointer
constexpr unsigned kPointerBits = 0xc000;

constexpr std::size_t kOptSize = 11;  // RFC 6891, 6.1.2, without options
constexpr std::size_t kOptionHeader = 4;
constexpr std::size_t kInfoCode = 2;   // RFC 8914, 2
constexpr std::size_t kKeepalive = 2;  // RFC 7828, 3.1
constexpr unsigned kDnssecOk = 0x8000;

std::uint8_t* put_u16(std::uint8_t* at, unsigned value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
  return at + 2;
}

std::uint8_t* put(std::uint8_t* at, std::span<const std::uint8_t> octets) {
  if (!octets.empty()) std::memcpy(at, octets.data(), octets.size());
  return at + octets.size();
}

std::uint8_t* put_option_header(std::uint8_t* at, Option code, std::size_t size) {
  return put_u16(put_u16(at, static_cast<unsigned>(code)), static_cast<unsigned>(size));
}

std::size_t opt_size(const ReplyEdns& edns) {
  std::size_t size = kOptSize;
  if (edns.error) size += kOptionHeader + kInfoCode;
  if (edns.keepalive) size += kOptionHeader + kKeepalive;
  if (!edns.nsid.empty()) size += kOptionHeader + edns.nsid.size();
  return size;
}

// An RRset's records in the order in which they are sent: from number `first` on, and around.
class Rotation {
 public:
  Rotation(const RRsetView& rrset, unsigned first) : records_(rrset.records) {
    for (first %= rrset.count; first > 0; --first) at_ += size();
  }
  // The record that is next, without its owner.
  std::span<const std::uint8_t> next() {
    if (at_ == records_.size()) at_ = 0;
    const auto record = records_.subspan(at_, size());
    at_ += record.size();
    return record;
  }

 private:
  std::size_t size() const { return kFixedFields + read_u16(&records_[at_ + kRdlengthAt]); }

  std::span<const std::uint8_t> records_;
  std::size_t at_ = 0;
};

}  // namespace

MessageBuilder::MessageBuilder(const Query& query, std::span<std::uint8_t> out, std::size_t limit)
    : query_(query), out_(out), limit_(limit) {
  assert(limit >= kMinUdpPayload && limit <= out.size() && "header, the longest question and an OPT must fit");
  put(out.data() + kHeaderSize, query.question);
  size_ = kHeaderSize + query.question.size();
}

void MessageBuilder::set_edns(const ReplyEdns& edns) {
  assert(query_.edns && "an OPT is never sent uninvited (RFC 6891, 7)");
  assert(!has_edns_ && counts_[Answer] + counts_[Authority] + counts_[Additional] == 0 && "before any record");
  edns_ = edns;
  if (size_ + opt_size(edns_) > limit_) edns_.nsid = {};  // only an NSID can be that long
  limit_ -= opt_size(edns_);
  has_edns_ = true;
}

bool MessageBuilder::answer(const RRsetView& rrset, unsigned skip, unsigned first) {
  const bool whole = append(Answer, rrset, skip, first, {});
  if (!whole) truncated_ = true;
  return whole;
}

bool MessageBuilder::authority(const RRsetView& rrset, unsigned skip) {
  const bool whole = append(Authority, rrset, skip, 0, {});
  if (!whole) truncated_ = true;
  return whole;
}

bool MessageBuilder::additional(const RRsetView& rrset, unsigned skip, std::span<const std::uint8_t> owner_prefix) {
  const std::size_t size = size_;
  const std::uint16_t count = counts_[Additional];
  if (append(Additional, rrset, skip, 0, owner_prefix)) return true;
  size_ = size;
  counts_[Additional] = count;
  return false;
}

bool MessageBuilder::append(Section section, const RRsetView& rrset, unsigned skip, unsigned first,
                            std::span<const std::uint8_t> owner_prefix) {
  if (rrset.empty()) return true;
  assert(!query_.question.empty() && "owners are pointers into the question");
  assert(skip <= query_.name.labels && "a suffix of the question's name");

  // The end of every owner: a pointer, or for the root its own single octet, which is shorter.
  const bool root = skip == query_.name.labels;
  const unsigned pointer = root ? 0 : kPointerBits | (kHeaderSize + query_.name.offsets[skip]);
  const std::size_t owner = owner_prefix.size() + (root ? 1 : kPointer);
  const auto target = rrset.target_is_question ? query_.question.first(query_.question.size() - kTypeAndClass)
                                               : std::span<const std::uint8_t>{};
  Rotation records(rrset, first);
  for (unsigned left = rrset.count; left > 0; --left) {
    const auto record = records.next();
    const std::size_t size = owner + record.size() + target.size();
    if (limit_ - size_ < size) return false;
    std::uint8_t* at = put(out_.data() + size_, owner_prefix);
    if (root) {
      *at++ = 0;
    } else {
      at = put_u16(at, pointer);
    }
    std::uint8_t* const fields = at;
    at = put(put(at, record), target);
    if (!target.empty())
      put_u16(fields + kRdlengthAt, static_cast<unsigned>(record.size() - kFixedFields + target.size()));
    size_ += size;
    ++counts_[section];
  }
  return true;
}

std::size_t MessageBuilder::finish() {
  const auto rcode = static_cast<unsigned>(rcode_);
  assert((has_edns_ || rcode <= kLowRcode) && "a larger rcode needs an OPT (RFC 6891, 6.1.3)");
  std::uint8_t* const header = out_.data();
  put_u16(header, query_.id);
  header[2] = static_cast<std::uint8_t>(kResponse | static_cast<unsigned>(query_.opcode) << kOpcodeShift |
                                        (authoritative_ ? kAuthoritative : 0) | (truncated_ ? kTruncated : 0) |
                                        (query_.recursion_desired ? kRecursionDesired : 0));
  header[3] = static_cast<std::uint8_t>((recursion_available_ ? kRecursionAvailable : 0) |
                                        (query_.checking_disabled ? kCheckingDisabled : 0) | (rcode & kLowRcode));
  put_u16(header + 4, query_.question.empty() ? 0 : 1);
  put_u16(header + 6, counts_[Answer]);
  put_u16(header + 8, counts_[Authority]);
  put_u16(header + 10, counts_[Additional] + (has_edns_ ? 1u : 0u));
  if (has_edns_) write_opt(rcode);
  return size_;
}

// RFC 6891, 6.1: version 0; DO as the client set it (RFC 3225, 3); the upper eight bits of the rcode.
void MessageBuilder::write_opt(unsigned rcode) {
  std::uint8_t* at = out_.data() + size_;
  const std::size_t size = opt_size(edns_);
  *at++ = 0;  // the root
  at = put_u16(at, static_cast<unsigned>(Type::OPT));
  at = put_u16(at, edns_.payload);
  at = put_u16(at, rcode >> 4 << 8);
  at = put_u16(at, query_.edns->dnssec_ok ? kDnssecOk : 0);
  at = put_u16(at, static_cast<unsigned>(size - kOptSize));
  if (edns_.error) {
    at = put_option_header(at, Option::ExtendedError, kInfoCode);
    at = put_u16(at, static_cast<unsigned>(*edns_.error));
  }
  if (edns_.keepalive) {
    at = put_option_header(at, Option::TcpKeepalive, kKeepalive);
    at = put_u16(at, *edns_.keepalive);
  }
  if (!edns_.nsid.empty()) {
    at = put_option_header(at, Option::NSID, edns_.nsid.size());
    std::memcpy(at, edns_.nsid.data(), edns_.nsid.size());
  }
  size_ += size;
}

}  // namespace meridian::dns
