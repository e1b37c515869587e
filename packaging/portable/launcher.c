// SPDX-License-Identifier: MIT
// bin/NAME of the tarball for any Linux: starts lib/mrf-tools/NAME by the dynamic loader of the tarball, so that
// neither the C library of the system nor its version matters. Linked statically. The program gets bin/NAME as its
// argv[0], from which it finds the others.
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARIES "/lib/mrf-tools/"
#define LOADER LIBRARIES "ld-linux-x86-64.so.2"

static int fail(const char *verb, const char *object) {
  fprintf(stderr, "mrf-tools: cannot %s '%s': %s\n", verb, object, strerror(errno));
  return errno == ENOENT ? 127 : 126;
}

// libcurl looks where Debian has the certificates; others have them elsewhere.
static void find_certificates(void) {
  static const char *const places[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                       "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem",
                                       "/etc/ssl/cert.pem"};
  for (size_t i = 0; i < sizeof places / sizeof *places; ++i) {
    if (access(places[i], R_OK) != 0) continue;
    if (i > 0) setenv("CURL_CA_BUNDLE", places[i], 0);
    return;
  }
}

int main(int argc, char **argv) {
  char own[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", own, sizeof own);
  if (length < 0 || length == sizeof own) {
    if (length > 0) errno = ENAMETOOLONG;
    return fail("find", "/proc/self/exe");
  }
  own[length] = '\0';
  const char *const name = strrchr(own, '/') + 1;
  size_t root = (size_t)(name - own) - 1;
  while (root > 0 && own[root - 1] != '/') --root;
  if (root > 0) --root;

  char loader[PATH_MAX + sizeof LOADER];
  char program[PATH_MAX + sizeof LIBRARIES + NAME_MAX];
  sprintf(loader, "%.*s" LOADER, (int)root, own);
  sprintf(program, "%.*s" LIBRARIES "%s", (int)root, own, name);
  find_certificates();

  char **const words = malloc((size_t)(argc + 5) * sizeof *words);
  if (words == NULL) return fail("allocate", "memory");
  words[0] = loader;
  words[1] = "--argv0";
  words[2] = own;
  words[3] = program;
  for (int i = 1; i <= argc; ++i) words[3 + i] = argv[i];
  if (argc == 0) words[4] = NULL;
  execv(loader, words);
  return fail("execute", loader);
}
