#pragma once
// Asks the admin address of a running server.

#include <string>

namespace meridian::cli {

struct AdminReply {
  unsigned status = 0;  // HTTP
  std::string body;
};

// GET http://`address``target`; address as in admin.listen, "127.0.0.1:9253". Blocking, at most 10 s. Throws
// std::runtime_error with what to do if nobody answers.
AdminReply admin_get(const std::string& address, const std::string& target);

}  // namespace meridian::cli
