/*
 * Preloaded into a redis-server, this lets a test move its wall clock. CLOCK_STEP_FILE names a file of two
 * 64-bit numbers, both microseconds: what is added to the clock, and the time at which it stands still
 * (0: it runs). The file is mapped, so a write of the test counts at once. Other clocks are not touched.
 *
 * System calls are made directly: looking the originals up with dlsym() allocates memory, and Redis' allocator
 * asks for the time while it is being set up.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define MICROS 1000000LL

struct step {
  volatile int64_t added;
  volatile int64_t stands_at;
};

static struct step none = {0, 0};
static struct step *step = &none;

__attribute__((constructor)) static void attach(void) {
  const char *path = getenv("CLOCK_STEP_FILE");
  if (path == NULL) return;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof(struct step), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) step = mapped;
}

/* Microseconds since 1970, moved; the nanoseconds below them are lost. */
static int64_t moved(const struct timespec *real) {
  int64_t stands_at = step->stands_at;
  if (stands_at != 0) return stands_at;
  return real->tv_sec * MICROS + real->tv_nsec / 1000 + step->added;
}

int clock_gettime(clockid_t clock, struct timespec *result) {
  long failed = syscall(SYS_clock_gettime, clock, result);
  if (failed != 0) return (int)failed;
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return 0;
  int64_t now = moved(result);
  result->tv_sec = now / MICROS;
  result->tv_nsec = now % MICROS * 1000;
  return 0;
}

int gettimeofday(struct timeval *restrict result, void *restrict zone) {
  (void)zone;
  struct timespec now;
  int failed = clock_gettime(CLOCK_REALTIME, &now);
  if (failed != 0) return failed;
  result->tv_sec = now.tv_sec;
  result->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *result) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
  if (result != NULL) *result = now.tv_sec;
  return now.tv_sec;
}
