#include "kube/regular_file.hpp"

#include <cerrno>
#include <system_error>

#include "config/regular_file.hpp"

namespace meridian::kube {
namespace {

std::string reason(int error) {
  switch (error) {
    case ENOENT:
      return "there is no such file";
    case EACCES:
      return "this process may not read it: give it the right to";
    default:
      return std::generic_category().message(error);
  }
}

}  // namespace

std::string read_regular_file(const std::filesystem::path& file, std::size_t limit) {
  const auto fail = [&](const std::string& why) { return UnreadableFile(file.string() + ": " + why); };
  try {
    return config::read_regular_file(file, limit).text;
  } catch (const config::FileFault& fault) {
    using Kind = config::FileFault::Kind;
    if (fault.kind == Kind::NotRegular) throw fail("it is not a regular file");
    if (fault.kind == Kind::TooLong) throw fail("it is longer than " + std::to_string(limit) + " octets");
    throw fail(reason(fault.error));
  }
}

}  // namespace meridian::kube
