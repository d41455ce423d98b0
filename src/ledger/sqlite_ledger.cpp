#include "ledger/sqlite_ledger.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "ledger/sqlite_store.hpp"

namespace meridian::ledger {
namespace {

namespace asio = boost::asio;

// These two run on the disk thread. They share the store with the ledger, so that a ledger that is destroyed in between
// takes nothing away from them.
asio::awaitable<std::vector<vip::Record>> load_on_disk(std::shared_ptr<SqliteStore> store) {
  co_return store->load();
}

asio::awaitable<void> commit_on_disk(std::shared_ptr<SqliteStore> store, std::vector<vip::Change> changes) {
  store->commit(changes);
  co_return;
}

class SqliteLedger final : public Ledger {
 public:
  SqliteLedger(asio::thread_pool& disk, std::filesystem::path file)
      : disk_(disk.get_executor()), store_(std::make_shared<SqliteStore>(std::move(file))) {}

  asio::awaitable<std::vector<vip::Record>> load() override {
    return asio::co_spawn(disk_, load_on_disk(store_), asio::use_awaitable);
  }
  asio::awaitable<void> commit(std::vector<vip::Change> changes) override {
    return asio::co_spawn(disk_, commit_on_disk(store_, std::move(changes)), asio::use_awaitable);
  }
  std::string describe() const override { return "sqlite " + store_->file().string(); }

 private:
  asio::thread_pool::executor_type disk_;  // one thread: commits are done one by one, in the order of their calls
  std::shared_ptr<SqliteStore> store_;
};

}  // namespace

std::unique_ptr<Ledger> make_sqlite_ledger(asio::thread_pool& disk, std::filesystem::path file) {
  return std::make_unique<SqliteLedger>(disk, std::move(file));
}

}  // namespace meridian::ledger
