// count_locks.so: loaded before a program (LD_PRELOAD), it counts the mutexes and read-write locks that the program
// takes, and how many of them another thread held; it says both on stderr at the end. Atomics are not seen.
#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace {

std::atomic<unsigned long> taken = 0;
std::atomic<unsigned long> contended = 0;

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

using MutexFunction = int (*)(pthread_mutex_t*);
using RwlockFunction = int (*)(pthread_rwlock_t*);

// Looked up once each: dlsym is dear, and takes a lock of the loader's.
const auto kMutexLock = next<MutexFunction>("pthread_mutex_lock");
const auto kMutexTrylock = next<MutexFunction>("pthread_mutex_trylock");
const auto kReadLock = next<RwlockFunction>("pthread_rwlock_rdlock");
const auto kReadTrylock = next<RwlockFunction>("pthread_rwlock_tryrdlock");
const auto kWriteLock = next<RwlockFunction>("pthread_rwlock_wrlock");
const auto kWriteTrylock = next<RwlockFunction>("pthread_rwlock_trywrlock");

template <class Function, class Lock>
int count(Function lock, Function trylock, const char* name, Lock* what) {
  // Before the constructors above have run: somebody else's constructor.
  if (lock == nullptr || trylock == nullptr) return next<Function>(name)(what);
  taken.fetch_add(1, std::memory_order_relaxed);
  if (trylock(what) == 0) return 0;
  contended.fetch_add(1, std::memory_order_relaxed);
  return lock(what);
}

void tell() { std::fprintf(stderr, "locks taken %lu contended %lu\n", taken.load(), contended.load()); }

[[gnu::constructor]] void begin() {
  std::atexit(tell);
  std::at_quick_exit(tell);
}

}  // namespace

extern "C" {
int pthread_mutex_lock(pthread_mutex_t* mutex) { return count(kMutexLock, kMutexTrylock, "pthread_mutex_lock", mutex); }
int pthread_rwlock_rdlock(pthread_rwlock_t* lock) {
  return count(kReadLock, kReadTrylock, "pthread_rwlock_rdlock", lock);
}
int pthread_rwlock_wrlock(pthread_rwlock_t* lock) {
  return count(kWriteLock, kWriteTrylock, "pthread_rwlock_wrlock", lock);
}
}
