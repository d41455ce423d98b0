#pragma once
// Certificates for servers of tests, made by OpenSSL in memory: P-256, because a key is made in microseconds.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace meridian::test {

// What a server shows, as PEM.
struct Identity {
  std::string certificate, key;
};

class Authority {
 public:
  Authority();
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  const std::string& certificate() const { return pem_; }  // PEM, to be trusted
  // `names` as subjectAltName has them, "DNS:dns.test,IP:127.0.0.1"; "": none. The common name is always dns.test.
  // Valid from a day before now, or from `begins`, to `ends`.
  Identity issue(const std::string& names, std::chrono::hours ends = std::chrono::hours(24),
                 std::chrono::hours begins = std::chrono::hours(-48)) const;
  // Signed by its own key.
  static Identity self_signed(const std::string& names);

 private:
  struct Pair;
  std::unique_ptr<Pair> pair_;
  std::string pem_;
};

}  // namespace meridian::test
