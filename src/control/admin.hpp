#pragma once
// The admin address over HTTP: /healthz /readyz /metrics /status /explain to read, and with a token some actions
// by POST. Control thread only.

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include <meridian/config/config.hpp>

#include "control/view.hpp"

namespace meridian::control {

class Admin {
 public:
  // Binds; throws std::runtime_error with what to do if it can't. `listen`: "127.0.0.1:9253", port 0: the kernel
  // chooses.
  Admin(boost::asio::io_context& loop, const std::string& listen, View view);
  ~Admin();

  config::Endpoint bound() const;
  void stop();  // closes the listener and every connection

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace meridian::control
