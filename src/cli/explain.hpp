#pragma once
// `meridian explain NAME`: what the running server answers, and why.

#include <iosfwd>
#include <string>

namespace meridian::cli {

struct ExplainOptions {
  std::string name;
  std::string type = "A";
  std::string admin = "127.0.0.1:9253";
  bool json = false;
};

// Returns the exit status: 0, or 1 if the server refused the question. Throws std::runtime_error if nobody answers.
int explain(const ExplainOptions& options, std::ostream& out, std::ostream& err);

// The server's answer as people read it.
std::string explain_text(const std::string& body);

}  // namespace meridian::cli
