#pragma once
// ServiceEntries from YAML or JSON files: a directory (not recursive) or one file, followed with inotify and, because
// inotify is not enough (network file systems, queue overflows), a rescan every 30 to 60 s.

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "source/file_limits.hpp"
#include "source/source.hpp"

namespace meridian::source {

// See Source. `previous`: entries of the last run (from the snapshot), by origin: a file that is broken at the start
// keeps serving these.
std::unique_ptr<Source> make_file_source(boost::asio::io_context& loop, std::string name, std::filesystem::path path,
                                         FileLimits limits, std::vector<EntryPtr> previous);

}  // namespace meridian::source
