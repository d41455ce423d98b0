#include "api_server.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <istream>
#include <stdexcept>

namespace meridian::test {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using asio::ip::tcp;

[[noreturn]] void fail(const std::string& why) {
  throw std::runtime_error("scripted API server: " + why);
}

// With two pipes that no other child inherits: a second server must not hold the input of the first one open.
pid_t spawn(std::vector<std::string> words, int& input, int& output) {
  std::array<int, 2> in{}, out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) fail("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_addchdir_np(&actions, MERIDIAN_TESTS_SUPPORT);
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = -1;
  const int error = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  input = in[1];
  output = out[0];
  if (error != 0) fail("no " + words[0]);
  return child;
}

std::string read_line(int descriptor) {
  std::string line;
  for (char c = 0; ::read(descriptor, &c, 1) == 1 && c != '\n';) line += c;
  ::close(descriptor);
  return line;
}

std::string read_octets(tcp::socket& socket, asio::streambuf& buffer, std::size_t n) {
  if (buffer.size() < n) asio::read(socket, buffer, asio::transfer_at_least(n - buffer.size()));
  std::string octets(n, '\0');
  std::istream(&buffer).read(octets.data(), static_cast<std::streamsize>(n));
  return octets;
}

std::string read_line(tcp::socket& socket, asio::streambuf& buffer) {
  const auto n = asio::read_until(socket, buffer, "\r\n");
  return read_octets(socket, buffer, n).substr(0, n - 2);
}

// The body of one answer, with Content-Length or in chunks.
std::string read_answer(tcp::socket& socket) {
  asio::streambuf buffer;
  std::size_t length = 0;
  bool chunked = false;
  for (std::string line; !(line = read_line(socket, buffer)).empty();) {
    for (auto& c : line) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (line.starts_with("content-length:")) length = std::stoul(line.substr(15));
    if (line.starts_with("transfer-encoding:")) chunked = true;
  }
  if (!chunked) return read_octets(socket, buffer, length);
  std::string body;
  for (;;) {
    const auto n = std::stoul(read_line(socket, buffer), nullptr, 16);
    body += read_octets(socket, buffer, n);
    read_line(socket, buffer);
    if (n == 0) return body;
  }
}

std::string post(const std::string& control, std::string_view name, const std::string& body) {
  const auto authority = control.substr(std::string_view("http://").size());
  const auto colon = authority.rfind(':');
  asio::io_context loop;
  tcp::socket socket(loop);
  socket.connect({asio::ip::make_address(authority.substr(0, colon)),
                  static_cast<std::uint16_t>(std::stoul(authority.substr(colon + 1)))});
  asio::write(socket, asio::buffer("POST /" + std::string(name) + " HTTP/1.1\r\nHost: " + authority +
                                   "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
  return read_answer(socket);
}

}  // namespace

ApiServer::ApiServer(std::vector<std::string> options) {
  std::vector<std::string> words{"python3", "-B", "-m", "apiserver"};
  words.insert(words.end(), options.begin(), options.end());
  int output = -1;
  child_ = spawn(std::move(words), input_, output);
  const auto line = read_line(output);
  if (line.empty()) fail("it ended before it listened; its words are above");
  description_ = json::parse(line).as_object();
}

ApiServer::~ApiServer() {
  ::close(input_);
  ::waitpid(child_, nullptr, 0);
}

json::value ApiServer::command(std::string_view name, const json::object& arguments) const {
  const auto answer = json::parse(post(control(), name, json::serialize(arguments)));
  if (const auto* error = answer.as_object().if_contains("error"))
    fail(std::string(name) + ": " + json::serialize(*error));
  return answer.at("result");
}

std::string ApiServer::url() const {
  return std::string(description_.at("url").as_string());
}

std::string ApiServer::host() const {
  return std::string(description_.at("host").as_string());
}

std::uint16_t ApiServer::port() const {
  return description_.at("port").to_number<std::uint16_t>();
}

std::string ApiServer::control() const {
  return std::string(description_.at("control").as_string());
}

std::filesystem::path ApiServer::directory() const {
  return std::string(description_.at("directory").as_string());
}

std::filesystem::path ApiServer::ca() const {
  return std::string(description_.at("ca").as_string());
}

std::filesystem::path ApiServer::token() const {
  return std::string(description_.at("token").as_string());
}

config::Kubernetes ApiServer::settings() const {
  config::Kubernetes settings;
  settings.kubeconfig = std::string(description_.at("kubeconfig").as_string());
  return settings;
}

config::Kubernetes ApiServer::settings(const std::string& name, const json::object& user,
                                       const json::object& cluster) const {
  json::object entry{{"server", url()}, {"certificate-authority", ca().string()}};
  for (const auto& [key, value] : cluster) {
    if (value.is_null()) {
      entry.erase(key);
    } else {
      entry[key] = value;
    }
  }
  const json::object kubeconfig{
      {"apiVersion", "v1"},
      {"kind", "Config"},
      {"current-context", "test"},
      {"clusters", json::array{json::object{{"name", "test"}, {"cluster", entry}}}},
      {"contexts", json::array{json::object{{"name", "test"}, {"context", {{"cluster", "test"}, {"user", "test"}}}}}},
      {"users", json::array{json::object{{"name", "test"}, {"user", user}}}}};
  config::Kubernetes settings;
  settings.kubeconfig = directory() / name;
  write_file(settings.kubeconfig, json::serialize(kubeconfig));  // JSON is YAML
  return settings;
}

config::Kubernetes ApiServer::settings_of_kind(std::string_view kind, json::object options) const {
  options["kind"] = kind;
  config::Kubernetes settings;
  settings.kubeconfig = std::string(command("write_kubeconfig", options).as_string());
  return settings;
}

void write_file(const std::filesystem::path& file, std::string_view text) {
  const auto fresh = file.string() + ".fresh";
  std::ofstream(fresh) << text;
  std::filesystem::rename(fresh, file);
}

}  // namespace meridian::test
