#include "source/snapshot.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <exception>
#include <fstream>
#include <optional>
#include <thread>

#include "source/file_source_fixture.hpp"

namespace meridian::source {
namespace {

namespace asio = boost::asio;
using Kind = Update::Kind;

EntryPtr entry_of(const std::string& name, const std::string& address, const std::string& origin = "/e/a.yaml") {
  mesh::ServiceEntry entry;
  entry.key = {"default", name};
  entry.origin = origin;
  entry.hosts = {name + ".global"};
  entry.addresses = {boost::asio::ip::make_address(address)};
  entry.has_spec_addresses = true;
  return std::make_shared<const mesh::ServiceEntry>(entry);
}

// A snapshot as one run of the program has it.
class Run {
 public:
  explicit Run(const fs::path& file) : snapshot_(disk_, file) {}
  ~Run() { disk_.join(); }

  Snapshot::Contents load() {
    std::optional<Snapshot::Contents> contents;
    finish(asio::co_spawn(loop_, load_into(contents), asio::use_future));
    return *contents;
  }
  void save(std::vector<Snapshot::Write> writes, std::uint32_t serial) {
    finish(asio::co_spawn(loop_, snapshot_.save(std::move(writes), serial), asio::use_future));
  }

 private:
  asio::awaitable<void> load_into(std::optional<Snapshot::Contents>& contents) {
    const auto caller = std::this_thread::get_id();
    contents = co_await snapshot_.load();
    CHECK((std::this_thread::get_id() == caller));
  }
  void finish(std::future<void> done) {
    loop_.restart();
    loop_.run();
    done.get();
  }

  asio::io_context loop_;
  asio::thread_pool disk_{1};
  Snapshot snapshot_;
};

std::string text_of(const Snapshot::Contents& contents) {
  std::string text;
  for (const auto& of : contents.sources) {
    text += of.source + ":";
    for (const auto& entry : of.entries) text += " " + entry->key.name + "=" + entry->addresses.at(0).to_string();
    text += "\n";
  }
  return text + (contents.serial ? "serial " + std::to_string(*contents.serial) : "no serial");
}

std::size_t set_aside(const fs::path& directory) {
  std::size_t n = 0;
  for (const auto& each : fs::directory_iterator(directory))
    n += each.path().string().find(".damaged-") != std::string::npos;
  return n;
}

TEST_CASE("what was saved is there after a restart") {
  TemporaryDirectory directory;
  const auto file = directory / "entries.db";
  CHECK(text_of(Run(file).load()) == "no serial");
  {
    Run run(file);
    run.save({{"files", Kind::Sync, {entry_of("a", "240.0.0.2"), entry_of("b", "240.0.0.3")}, {}},
              {"other", Kind::Change, {entry_of("a", "240.0.0.4")}, {}}},
             4'000'000'000);
  }
  CHECK(text_of(Run(file).load()) == "files: a=240.0.0.2 b=240.0.0.3\nother: a=240.0.0.4\nserial 4000000000");
  {
    Run run(file);
    CHECK(*run.load().sources.at(0).entries.at(0) == *entry_of("a", "240.0.0.2"));  // origin and all
    run.save({{"files", Kind::Change, {entry_of("b", "240.0.0.5")}, {{"default", "a"}}}}, 7);
  }
  CHECK(text_of(Run(file).load()) == "files: b=240.0.0.5\nother: a=240.0.0.4\nserial 7");
  Run(file).save({{"files", Kind::Sync, {entry_of("c", "240.0.0.6")}, {}}}, 8);
  CHECK(text_of(Run(file).load()) == "files: c=240.0.0.6\nother: a=240.0.0.4\nserial 8");
}

TEST_CASE("a damaged file is set aside and comes back empty") {
  TemporaryDirectory directory;
  const auto file = directory / "entries.db";
  {
    std::vector<EntryPtr> many;
    for (int i = 0; i < 500; ++i) many.push_back(entry_of(std::to_string(i), "240.0.0.2"));
    Run(file).save({{"files", Kind::Sync, many, {}}}, 9);
  }
  REQUIRE(fs::file_size(file) > 20'000);

  SUBCASE("garbage") {
    write(file, std::string(30'000, 'x'));
  }
  SUBCASE("cut") {
    fs::resize_file(file, 10'000);
  }
  SUBCASE("octets in the middle overwritten") {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(4096);
    stream << std::string(12'000, '\xff');
  }
  SUBCASE("a header overwritten") {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream << "no database";
  }
  Run run(file);
  CHECK(text_of(run.load()) == "no serial");
  CHECK(set_aside(directory.path()) == 1);
  run.save({{"files", Kind::Sync, {entry_of("a", "240.0.0.2")}, {}}}, 10);
  CHECK(text_of(run.load()) == "files: a=240.0.0.2\nserial 10");
}

TEST_CASE("an empty file is a new one") {
  TemporaryDirectory directory;
  write(directory / "entries.db", "");
  CHECK(text_of(Run(directory / "entries.db").load()) == "no serial");
  CHECK(set_aside(directory.path()) == 0);
}

TEST_CASE("a file that can't be opened is an error that says what to do") {
  TemporaryDirectory directory;
  fs::path file;
  SUBCASE("no directory") {
    file = directory / "nowhere/entries.db";
  }
  SUBCASE("a directory in its place") {
    file = directory / "entries.db";
    fs::create_directory(file);
  }
  CHECK_THROWS_WITH_AS(Run(file).load(), doctest::Contains("must be a directory that this process may write to"),
                       std::runtime_error);
  CHECK_THROWS_AS(Run(file).save({}, 1), std::runtime_error);
}

}  // namespace
}  // namespace meridian::source
