// The wiring, top to bottom: what `meridian serve` is made of, and the other commands.

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "cli/check.hpp"
#include "cli/explain.hpp"
#include "serve.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Meridian: a DNS server for the .global names of a service mesh"};
  app.set_version_flag("--version", std::string("meridian ") + MERIDIAN_VERSION);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);

  std::filesystem::path file = "/etc/meridian/meridian.yaml";
  auto* serve = app.add_subcommand("serve", "answer questions until SIGTERM");
  serve->add_option("--config", file, "the configuration")->capture_default_str();
  auto* check = app.add_subcommand("check", "read the configuration and print every error, without starting anything");
  check->add_option("--config", file, "the configuration")->capture_default_str();

  meridian::cli::ExplainOptions question;
  auto* explain = app.add_subcommand("explain", "say what the running server answers for a name, and why");
  explain->add_option("name", question.name, "the name, as in httpbin.bar.global")->required();
  explain->add_option("--type", question.type, "the record type")->capture_default_str();
  explain->add_option("--admin", question.admin, "the running server's admin address")->capture_default_str();
  explain->add_flag("--json", question.json, "print what the server said, as JSON");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  try {
    if (*check) return meridian::cli::check(file, std::cout, std::cerr);
    if (*explain) return meridian::cli::explain(question, std::cout, std::cerr);
    return meridian::serve(file);
  } catch (const std::exception& e) {
    std::cerr << "meridian: " << e.what() << '\n';
    return 1;
  }
}
