#include "upstream/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace meridian::test {
namespace {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;

template <class Write>
std::string to_pem(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (write(bio.get()) != 1) throw std::runtime_error("OpenSSL writes no PEM");
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string to_pem(X509* certificate) {
  return to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}
std::string to_pem(EVP_PKEY* key) {
  return to_pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (!extension) throw std::runtime_error("OpenSSL takes no extension " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

struct Wanted {
  const char* name;
  std::chrono::hours begins, ends;
};

// Unsigned.
Certificate blank(const Wanted& wanted, EVP_PKEY* key) {
  static long serial = 0;
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), std::chrono::seconds(wanted.begins).count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), std::chrono::seconds(wanted.ends).count());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(wanted.name), -1, -1, 0);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* key) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  if (X509_sign(certificate, key, EVP_sha256()) == 0) throw std::runtime_error("OpenSSL signs nothing");
}

}  // namespace

struct Authority::Pair {
  static inline int made = 0;
  const std::string name = "authority " + std::to_string(++made);
  const Key key{EVP_EC_gen("P-256")};
  const Certificate certificate = blank({name.c_str(), std::chrono::hours(-48), std::chrono::hours(48)}, key.get());
};

Authority::Authority() : pair_(std::make_unique<Pair>()) {
  auto* own = pair_->certificate.get();
  extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, own, NID_key_usage, "critical,keyCertSign");
  sign(own, own, pair_->key.get());
  pem_ = to_pem(own);
}

Authority::~Authority() = default;

Identity Authority::issue(const std::string& names, std::chrono::hours ends, std::chrono::hours begins) const {
  const Key key(EVP_EC_gen("P-256"));
  const auto certificate = blank({"dns.test", begins, ends}, key.get());
  if (!names.empty()) extend(certificate.get(), pair_->certificate.get(), NID_subject_alt_name, names);
  sign(certificate.get(), pair_->certificate.get(), pair_->key.get());
  return {to_pem(certificate.get()), to_pem(key.get())};
}

Identity Authority::self_signed(const std::string& names) {
  const Key key(EVP_EC_gen("P-256"));
  const auto certificate = blank({"dns.test", std::chrono::hours(-48), std::chrono::hours(48)}, key.get());
  extend(certificate.get(), certificate.get(), NID_subject_alt_name, names);
  sign(certificate.get(), certificate.get(), key.get());
  return {to_pem(certificate.get()), to_pem(key.get())};
}

}  // namespace meridian::test
