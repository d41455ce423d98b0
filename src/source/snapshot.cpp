#include "source/snapshot.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "source/entries_database.hpp"

namespace meridian::source {
namespace {

namespace asio = boost::asio;

// Bodies of what runs on the disk thread. They hold the database, so that it outlives a Snapshot that goes meanwhile.
asio::awaitable<Snapshot::Contents> load_from(std::shared_ptr<EntriesDatabase> database) {
  co_return database->load();
}

asio::awaitable<void> save_to(std::shared_ptr<EntriesDatabase> database, std::vector<Snapshot::Write> writes,
                              std::uint32_t serial) {
  database->save(writes, serial);
  co_return;
}

}  // namespace

Snapshot::Snapshot(asio::thread_pool& disk, std::filesystem::path file)
    : disk_(disk), database_(std::make_shared<EntriesDatabase>(std::move(file))) {}

Snapshot::~Snapshot() = default;

asio::awaitable<Snapshot::Contents> Snapshot::load() {
  co_return co_await asio::co_spawn(disk_, load_from(database_), asio::use_awaitable);
}

asio::awaitable<void> Snapshot::save(std::vector<Write> writes, std::uint32_t serial) {
  co_await asio::co_spawn(disk_, save_to(database_, std::move(writes), serial), asio::use_awaitable);
}

}  // namespace meridian::source
