#pragma once
// The ledger in one SQLite file (WAL, synchronous=FULL), for files and VMs.

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <memory>

#include "ledger/ledger.hpp"

namespace meridian::ledger {

// `disk` is one thread (exactly: it keeps the order of commits) for everything that may block; it must outlive the
// ledger. The file is created by load().
std::unique_ptr<Ledger> make_sqlite_ledger(boost::asio::thread_pool& disk, std::filesystem::path file);

}  // namespace meridian::ledger
