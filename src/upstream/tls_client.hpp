#pragma once
// What all connections to upstreams over TLS share: whom we trust; and what is wrong with which server, so that it is
// said once. One a process; every call from any thread, one mutex, held for a look-up in a small map.

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include <meridian/config/config.hpp>

namespace boost::asio::ssl {
class context;
}

namespace meridian::upstream {

class TlsClient {
 public:
  using Context = std::shared_ptr<boost::asio::ssl::context>;
  static constexpr std::size_t kMostTroubles = 16;  // more are no news

  // At start and at each reload: reads the authorities that `settings` name, if any upstream is over TLS. Throws
  // std::runtime_error, naming the file; then what was trusted before still is. Connections that are open stay.
  void trust(const config::Forward& settings);
  // For one connection, which holds it. Null while no upstream is over TLS.
  Context context() const;

  // `trouble` is what is wrong with `server` now, "" for nothing. True if that is news since nothing was wrong: a line
  // for the log. Workers may have different troubles in turn, so all of them are known, up to kMostTroubles a server.
  bool is_news(const std::string& server, const std::string& trouble);

 private:
  mutable std::mutex mutex_;
  Context context_;
  std::map<std::string, std::set<std::string>> troubles_;  // by server; of those that have some
};

}  // namespace meridian::upstream
