// upstream_echo: an upstream that costs next to nothing, for measuring forwarders: 64 questions come with one recvmmsg
// and their answers leave with one sendmmsg. Every A question has one record, every other type none; a question with
// an OPT gets one back, behind the answer, as it must be (RFC 6891, 6.1.1). Malformed ones are dropped.
// usage: upstream_echo PORT TTL
#include <arpa/inet.h>
#include <sys/socket.h>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr std::size_t kHeader = 12, kBatch = 64, kPacket = 4096;

struct Packet {
  std::array<std::uint8_t, kPacket> octets;
  sockaddr_in from;
};

// Turns the question that is the first `size` octets into its answer. Returns the answer's length; 0: no question.
std::size_t answer(std::uint8_t* message, std::size_t size, std::uint32_t ttl) {
  if (size < kHeader || message[2] & 0x80 || message[4] || message[5] != 1) return 0;
  std::size_t end = kHeader;
  while (end < size && message[end] != 0) {
    if (message[end] > 63) return 0;
    end += message[end] + 1u;
  }
  end += 1 + 4;  // the root, QTYPE, QCLASS
  if (end > size) return 0;
  const bool edns = message[11] != 0;
  const bool a = message[end - 4] == 0 && message[end - 3] == 1;
  message[2] = static_cast<std::uint8_t>(0x80 | (message[2] & 0x01));  // QR; RD as asked
  message[3] = 0x80;                                                   // RA
  message[7] = a;
  message[6] = message[8] = message[9] = message[10] = 0;
  message[11] = edns;
  if (a) {
    const std::uint32_t order = htonl(ttl);
    std::uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1};
    std::memcpy(record + 6, &order, sizeof order);
    std::memcpy(message + end, record, sizeof record);
    end += sizeof record;
  }
  if (edns) {
    constexpr std::uint8_t opt[] = {0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0};
    std::memcpy(message + end, opt, sizeof opt);
    end += sizeof opt;
  }
  return end;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: upstream_echo PORT TTL\n");
    return 2;
  }
  const auto ttl = static_cast<std::uint32_t>(std::atol(argv[2]));
  const int s = socket(AF_INET, SOCK_DGRAM, 0), buffer = 8 << 20;
  setsockopt(s, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  setsockopt(s, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(s, reinterpret_cast<sockaddr*>(&at), sizeof at)) {
    std::perror("bind");
    return 1;
  }
  std::vector<Packet> packets(kBatch);
  std::vector<mmsghdr> in(kBatch), out(kBatch);
  std::vector<iovec> in_vectors(kBatch), out_vectors(kBatch);
  for (;;) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      in_vectors[i] = {packets[i].octets.data(), kPacket - 64};  // room for what answer() adds
      in[i] = {};
      in[i].msg_hdr.msg_name = &packets[i].from;
      in[i].msg_hdr.msg_namelen = sizeof packets[i].from;
      in[i].msg_hdr.msg_iov = &in_vectors[i];
      in[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = recvmmsg(s, in.data(), kBatch, MSG_WAITFORONE, nullptr);
    int answers = 0;
    for (int i = 0; i < count; ++i) {
      const auto size = answer(packets[i].octets.data(), in[i].msg_len, ttl);
      if (size == 0) continue;
      out_vectors[answers] = {packets[i].octets.data(), size};
      out[answers] = in[i];
      out[answers].msg_hdr.msg_iov = &out_vectors[answers];
      ++answers;
    }
    for (int done = 0; done < answers;) {
      const int sent = sendmmsg(s, &out[done], static_cast<unsigned>(answers - done), 0);
      done += sent > 0 ? sent : 1;  // one that can't be sent is lost, as on a network
    }
  }
}
