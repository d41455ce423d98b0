// dnsload: closed-loop UDP DNS load over loopback, with the server's CPU time read from /proc.
// usage: dnsload HOST PORT QUERYFILE SECONDS WINDOW [PID ...]
//   QUERYFILE: one "name type" per line (type A, AAAA, ...). WINDOW: queries in flight per socket (8 sockets).
//   FRESH (environment): no name is asked twice: the first 8 octets of each name become a number that counts up from
//   $FRESH; the first label of each must have that many. EDNS (environment): with an OPT.
//   PIDs: processes whose user+system CPU is charged to the served queries (threads included).
// prints: qps, lost, bad (wrong id, not a response, rcode other than NOERROR/NXDOMAIN), p50/p99 latency,
//         server CPU microseconds per answered query.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>
using namespace std;
using Clock = chrono::steady_clock;
static uint64_t now_ns() {
  return chrono::duration_cast<chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}
// To the nanosecond, where /proc/PID/stat counts in hundredths of a second.
static double cpu_s(const vector<string>& pids) {
  double ns = 0;
  for (auto& p : pids) {
    error_code none;
    for (auto& task : filesystem::directory_iterator("/proc/" + p + "/task", none)) {
      double on_cpu = 0;
      ifstream(task.path() / "schedstat") >> on_cpu;
      ns += on_cpu;
    }
  }
  return ns / 1e9;
}
static vector<uint8_t> make(const string& name, uint16_t type, bool edns) {
  vector<uint8_t> b = {0, 0, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, (uint8_t)(edns ? 1 : 0)};
  stringstream ss(name);
  string l;
  while (getline(ss, l, '.'))
    if (!l.empty()) {
      b.push_back(l.size());
      b.insert(b.end(), l.begin(), l.end());
    }
  b.push_back(0);
  b.push_back(type >> 8);
  b.push_back(type);
  b.push_back(0);
  b.push_back(1);
  if (edns) {
    uint8_t o[] = {0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0};
    b.insert(b.end(), o, o + 11);
  }
  return b;
}
int main(int argc, char** argv) {
  if (argc < 6) {
    fprintf(stderr, "usage: dnsload HOST PORT QUERYFILE SECONDS WINDOW [PID ...]\n");
    return 2;
  }
  map<string, uint16_t> T = {{"A", 1},    {"NS", 2},    {"SOA", 6},  {"PTR", 12},
                             {"TXT", 16}, {"AAAA", 28}, {"SRV", 33}, {"ANY", 255}};
  vector<vector<uint8_t>> q;
  {
    ifstream f(argv[3]);
    string n, t;
    bool edns = getenv("EDNS");
    while (f >> n >> t) q.push_back(make(n, T.count(t) ? T[t] : 1, edns));
  }
  if (q.empty()) {
    fprintf(stderr, "no queries\n");
    return 2;
  }
  double secs = atof(argv[4]);
  int win = atoi(argv[5]);
  vector<string> pids(argv + 6, argv + argc);
  const bool fresh = getenv("FRESH");
  uint32_t number = fresh ? atol(getenv("FRESH")) : 0;
  for (auto& b : q)
    if (fresh && b[12] < 8) {
      fprintf(stderr, "FRESH needs first labels of 8 octets or more\n");
      return 2;
    }
  const int NS = getenv("SOCKETS") ? atoi(getenv("SOCKETS")) : 8;
  const int B = 32;
  vector<int> fd(NS);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(atoi(argv[2]));
  inet_pton(AF_INET, argv[1], &a.sin_addr);
  for (auto& s : fd) {
    s = socket(AF_INET, SOCK_DGRAM, 0);
    int v = 4 << 20;
    setsockopt(s, SOL_SOCKET, SO_RCVBUF, &v, sizeof v);
    setsockopt(s, SOL_SOCKET, SO_SNDBUF, &v, sizeof v);
    if (connect(s, (sockaddr*)&a, sizeof a)) {
      perror("connect");
      return 1;
    }
    fcntl(s, F_SETFL, O_NONBLOCK);
  }
  struct St {
    vector<uint64_t> sent;
    int out = 0;
    uint16_t id = 0;
    uint64_t last = 0;
  };
  vector<St> st(NS);
  for (auto& s : st) s.sent.assign(65536, 0);
  vector<vector<uint8_t>> sb(B), rb(B, vector<uint8_t>(4096));
  vector<mmsghdr> sm(B), rm(B);
  vector<iovec> si(B), ri(B);
  for (int i = 0; i < B; i++) {
    ri[i] = {rb[i].data(), 4096};
    rm[i] = {};
    rm[i].msg_hdr.msg_iov = &ri[i];
    rm[i].msg_hdr.msg_iovlen = 1;
    sm[i] = {};
    sm[i].msg_hdr.msg_iov = &si[i];
    sm[i].msg_hdr.msg_iovlen = 1;
  }
  vector<uint32_t> lat;
  lat.reserve(1 << 24);
  uint64_t ok = 0, bad = 0, lost = 0, nx = 0, other = 0;
  size_t qi = 0;
  double c0 = cpu_s(pids);
  uint64_t t0 = now_ns(), end = t0 + uint64_t(secs * 1e9);
  vector<pollfd> pf(NS);
  for (int i = 0; i < NS; i++) pf[i] = {fd[i], POLLIN, 0};
  for (;;) {
    uint64_t t = now_ns();
    if (t > end) break;
    for (int k = 0; k < NS; k++) {
      St& s = st[k];
      while (s.out < win) {
        int n = min(B, win - s.out);
        for (int i = 0; i < n; i++) {
          sb[i] = q[qi++ % q.size()];
          if (fresh)
            for (uint32_t k = 8, n = number++; k > 0; n >>= 4) sb[i][12 + k--] = "0123456789abcdef"[n & 15];
          uint16_t id = s.id++;
          if (s.sent[id]) {
            lost++;
            s.out--;
          }
          s.sent[id] = t;
          sb[i][0] = id >> 8;
          sb[i][1] = id;
          si[i] = {sb[i].data(), sb[i].size()};
        }
        int r = sendmmsg(fd[k], sm.data(), n, 0);
        if (r < 0) r = 0;
        for (int i = r; i < n; i++) {
          uint16_t id = (sb[i][0] << 8) | sb[i][1];
          s.sent[id] = 0;
        }
        s.out += r;
        if (r < n) break;
      }
      for (;;) {
        int r = recvmmsg(fd[k], rm.data(), B, MSG_DONTWAIT, nullptr);
        if (r <= 0) break;
        uint64_t u = now_ns();
        s.last = u;
        for (int i = 0; i < r; i++) {
          auto* p = rb[i].data();
          uint16_t id = (p[0] << 8) | p[1];
          int rc = p[3] & 15;
          if (rm[i].msg_len < 12 || !(p[2] & 0x80) || !s.sent[id]) {
            bad++;
            continue;
          }
          if (rc == 3)
            nx++;
          else if (rc) {
            bad++;
            other++;
          }
          lat.push_back((u - s.sent[id]) / 1000);
          s.sent[id] = 0;
          s.out--;
          ok++;
        }
        if (r < B) break;
      }
      if (s.out >= win && s.last && now_ns() - s.last > 200000000ull) {
        for (auto& x : s.sent)
          if (x) {
            x = 0;
            lost++;
          }
        s.out = 0;
        s.last = 0;
      }
      if (!s.last) s.last = now_ns();
    }
    poll(pf.data(), NS, 1);
  }
  double dt = (now_ns() - t0) / 1e9, c = cpu_s(pids) - c0;
  sort(lat.begin(), lat.end());
  auto P = [&](double p) { return lat.empty() ? 0u : lat[min(lat.size() - 1, size_t(p * lat.size()))]; };
  printf("qps %.0f answered %llu nxdomain %llu lost %llu bad %llu p50_us %u p99_us %u p999_us %u", ok / dt,
         (unsigned long long)ok, (unsigned long long)nx, (unsigned long long)lost, (unsigned long long)bad, P(.5),
         P(.99), P(.999));
  if (!pids.empty()) printf(" server_cpu_us_per_query %.3f server_cpu_util %.2f", ok ? c * 1e6 / ok : 0, c / dt);
  printf("\n");
}
