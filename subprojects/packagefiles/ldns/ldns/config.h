#pragma once
// What configure would find on any Linux of the last ten years, without OpenSSL, and the declarations that ldns expects
// of its config.h.

#define _GNU_SOURCE

#define HAVE_ARPA_INET_H 1
#define HAVE_ATTR_FORMAT 1
#define HAVE_ATTR_UNUSED 1
#define HAVE_ENDPROTOENT 1
#define HAVE_ENDSERVENT 1
#define HAVE_FCNTL 1
#define HAVE_NETDB_H 1
#define HAVE_NETINET_IN_H 1
#define HAVE_POLL 1
#define HAVE_STDBOOL_H 1
#define HAVE_SYS_PARAM_H 1
#define HAVE_SYS_SOCKET_H 1
#define RRTYPE_OPENPGPKEY
#define RRTYPE_SVCB_HTTPS
#define SYSCONFDIR "/etc"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FD_SET_T
#define SOCK_INVALID -1
#define close_socket(s)     \
  do {                      \
    if (s != SOCK_INVALID) { \
      close(s);             \
      s = -1;               \
    }                       \
  } while (0)

int ldns_b64_ntop(const uint8_t* src, size_t srclength, char* target, size_t targsize);
int ldns_b64_pton(const char* src, uint8_t* target, size_t targsize);
int ldns_dname_compare_v(const void* a, const void* b);

static inline size_t ldns_b64_ntop_calculate_size(size_t size) { return (size + 2) / 3 * 4 + 1; }
static inline size_t ldns_b64_pton_calculate_size(size_t size) { return (size + 3) / 4 * 3 + 1; }

#ifndef HAVE_STRLCPY
size_t strlcpy(char* dst, const char* src, size_t size);
#endif
