#include "ledger/sqlite_ledger.hpp"

#include "ledger/conformance.hpp"
#include "ledger/sqlite_scratch.hpp"

namespace meridian::ledger {

TEST_CASE_TEMPLATE_INVOKE(ledger_conformance, SqliteScratch);

TEST_CASE("the SQLite ledger names its file") {
  boost::asio::thread_pool disk(1);
  CHECK(make_sqlite_ledger(disk, "/var/lib/meridian/vips.db")->describe() == "sqlite /var/lib/meridian/vips.db");
}

TEST_CASE("the SQLite ledger can be committed to before anything was loaded") {
  SqliteScratch scratch;
  commit(*scratch.open(), {put(record("245.0.0.1", "a"))});
  CHECK(load(*scratch.open()) == Records{record("245.0.0.1", "a")});
}

}  // namespace meridian::ledger
