#pragma once
// Questions and replies as text, for the rows of the tests of respond().

#include <initializer_list>
#include <memory>
#include <meridian/query/respond.hpp>
#include <meridian/zone/zone.hpp>
#include <string>
#include <string_view>

#include "support/ldns_oracle.hpp"
#include "support/zone_text.hpp"

namespace meridian::test {

using oracle::Octets;

// All that a reply depends on besides the question.
struct Server {
  std::shared_ptr<const zone::ZoneSet> zones = zones_from("");
  query::Settings settings = {};
  query::Client client = {};
  query::Turn turn = {};
};

// The packet of a question, with the id 0x1234. It is written as for dig: a name, a type, a class if it is not IN, and
//   +qr +aa +tc +rd +ra +z +ad +cd +opcode=5      the header
//   +edns +bufsize=512 +do +version=1             an OPT record, of 1232 octets unless told otherwise
//   +nsid +keepalive +option=000a0000             its options; each of these words makes an OPT record, too
Octets packet_of(std::string_view question);

// What respond() made of a packet. The constructor checks what holds for every reply, whatever the question: ldns can
// read it, id, opcode, RD and CD are copied, QR=1, Z=0, AD=0, the question echoed octet for octet, OPT if and only if
// asked, within the client's limit and nothing written behind it.
class Reply {
 public:
  Reply(const Server& server, const Octets& packet);

  query::Outcome outcome;
  Octets octets;            // empty unless the action is Reply
  oracle::Message message;  // as ldns reads them

  // "drop", "forward", or as text_of().
  std::string text() const;
};

// A message in one line, its parts divided by "; ": the rcode with the flags that are set, the records of the answer,
// of the authority and of the additional section (behind the section's name), and the OPT with what it says:
//   "NOERROR aa ra; httpbin.bar.global. 30 IN A 240.0.0.2; opt do ede=20 nsid=61 keepalive=100"
std::string text_of(const oracle::Message& message);

// The reply to a question or to a packet.
std::string ask(const Server& server, std::string_view question);
std::string ask(const Server& server, const Octets& packet);

struct Row {
  const char* title;
  std::string question;
  std::string reply;
};
// Asks each question and compares the reply.
void check(const Server& server, std::initializer_list<Row> rows);

// The authority of a negative answer from zones_from("...").
inline const std::string kSoa = "authority global. 10 IN SOA ns.dns.global. hostmaster.global. 1 7200 1800 86400 10";
inline const std::string kNoData = "NOERROR aa ra; " + kSoa;
inline const std::string kNoSuchName = "NXDOMAIN aa ra; " + kSoa;

}  // namespace meridian::test
