#include <meridian/dns/message.hpp>

#include "fold.hpp"
#include "walker.hpp"

namespace meridian::dns {
namespace {

// The header's third and fourth octets (RFC 1035, 4.1.1; RFC 2535, 6.1).
constexpr std::uint8_t kResponse = 0x80;
constexpr unsigned kOpcodeShift = 3;
constexpr std::uint8_t kOpcodeMask = 0x0f;
constexpr std::uint8_t kRecursionDesired = 0x01;
constexpr std::uint8_t kAuthenticData = 0x20;
constexpr std::uint8_t kCheckingDisabled = 0x10;

constexpr std::size_t kTypeAndClass = 4;
constexpr std::uint32_t kDnssecOk = 0x8000;  // in what is the TTL of other records (RFC 6891, 6.1.3)

// Reads the only question, which begins behind the header: its name has nothing before it to point to, so it must be
// plain labels. Returns the offset behind the question, or 0.
std::size_t read_question(Query& query) {
  const auto packet = query.packet;
  FoldedName& name = query.name;
  std::size_t at = kHeaderSize;
  std::uint8_t labels = 0;
  for (;;) {
    if (at >= packet.size() || at - kHeaderSize >= kMaxName) return 0;
    const std::uint8_t length = packet[at];
    if (length == 0) break;
    if (length > kMaxLabel) return 0;
    name.offsets[labels++] = static_cast<std::uint8_t>(at - kHeaderSize);
    at += 1u + length;
  }
  const std::size_t end = at + 1 + kTypeAndClass;
  if (end > packet.size()) return 0;
  name.labels = labels;
  name.size = static_cast<std::uint8_t>(at + 1 - kHeaderSize);
  fold(packet.data() + kHeaderSize, name.size, name.octets.data());
  query.type = static_cast<Type>(read_u16(packet.data() + at + 1));
  query.klass = static_cast<Class>(read_u16(packet.data() + at + 3));
  query.question = packet.subspan(kHeaderSize, end - kHeaderSize);
  return end;
}

// Questions in a number that nobody can answer: stepped over, to find the OPT behind them.
std::size_t skip_questions(Message packet, unsigned count) {
  std::size_t at = kHeaderSize;
  for (; count > 0; --count) {
    at = end_of_name(packet, at);
    if (at == 0 || packet.size() - at < kTypeAndClass) return 0;
    at += kTypeAndClass;
  }
  return at;
}

// A client's cookie has 8 octets, or 16 to 40 with ours behind it (RFC 7873, 4).
bool is_cookie_size(std::size_t size) {
  return size == 8 || (size >= 16 && size <= 40);
}

// Reads an OPT record. Its fixed fields are good even where its options are not: whoever sent it speaks EDNS, and is
// told of the fault in EDNS.
bool read_opt(Message packet, const RecordPlace& opt, std::optional<Edns>& edns) {
  if (edns || !opt.root_owner) return false;  // RFC 6891, 6.1.1: only one, 6.1.2: at the root
  Edns& read = edns.emplace();
  read.payload = opt.klass;
  read.version = static_cast<std::uint8_t>(opt.ttl >> 16);
  read.dnssec_ok = (opt.ttl & kDnssecOk) != 0;
  return each_option(packet.subspan(opt.rdata, opt.end - opt.rdata), [&](Option code, auto data) {
    switch (code) {
      case Option::NSID:
        read.nsid = true;
        return true;
      case Option::TcpKeepalive:
        read.tcp_keepalive = true;
        return true;
      case Option::Cookie:
        return is_cookie_size(data.size());
      default:
        return true;  // RFC 6891, 6.1.2: unknown options are ignored
    }
  });
}

// Walks the records behind the question, all that the header counts.
bool read_records(Query& query, std::size_t at, unsigned answers_and_authority, unsigned additional) {
  RecordPlace record;
  for (; answers_and_authority > 0; --answers_and_authority, at = record.end) {
    if (!find_record(query.packet, at, record)) return false;
    if (record.type == Type::OPT) return false;  // RFC 6891, 6.1.1: it belongs into the additional section
  }
  for (; additional > 0; --additional, at = record.end) {
    if (!find_record(query.packet, at, record)) return false;
    if (record.type == Type::TSIG) query.tsig = true;
    if (record.type == Type::OPT && !read_opt(query.packet, record, query.edns)) return false;
  }
  return true;
}

}  // namespace

Fault parse_query(std::span<const std::uint8_t> packet, Query& query) {
  query.packet = packet;
  query.question = {};
  query.name.size = query.name.labels = 0;
  query.type = Type{};
  query.klass = Class{};
  query.tsig = false;
  query.edns.reset();
  if (packet.size() < kHeaderSize || (packet[2] & kResponse) != 0) return Fault::Drop;

  query.id = read_u16(packet.data());
  query.opcode = static_cast<Opcode>(packet[2] >> kOpcodeShift & kOpcodeMask);
  query.recursion_desired = (packet[2] & kRecursionDesired) != 0;
  query.authentic_data = (packet[3] & kAuthenticData) != 0;
  query.checking_disabled = (packet[3] & kCheckingDisabled) != 0;
  const unsigned questions = read_u16(packet.data() + 4);
  const unsigned answers_and_authority = read_u16(packet.data() + 6) + read_u16(packet.data() + 8);
  const unsigned additional = read_u16(packet.data() + 10);

  // What can't be answered is read all the same, as far as it goes: the error reply carries its question and an OPT.
  const std::size_t behind = questions == 1 ? read_question(query) : skip_questions(packet, questions);
  const bool whole = behind != 0 && read_records(query, behind, answers_and_authority, additional);
  if (query.opcode != Opcode::Query) return Fault::NotImp;
  return whole && questions == 1 ? Fault::None : Fault::FormErr;
}

}  // namespace meridian::dns
