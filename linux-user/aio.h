// Asynchronous I/O contexts (io_setup and its family) of a guest process.
//
// The guest's name of a context is a page of its own without the ring that the kernel maps: libaio looks
// there for events before it makes a call, and finds none. The kernel is handed copies of the guest's
// requests; what an event needs to become the guest's again is kept until it is fetched.
#pragma once

#include <linux/aio_abi.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace xarch::linux_user {

// A request that the kernel has.
struct AioRequest {
  uint64_t guest = 0;  // address of the guest's iocb
  uint64_t data = 0;   // its aio_data
  iocb host = {};
  std::vector<std::pair<uint64_t, uint64_t>> written;  // guest memory the kernel writes: address, bytes
};

class AioContext {
 public:
  explicit AioContext(aio_context_t host) : host_(host) {}
  aio_context_t host() const { return host_; }
  // Keeps a request under a new number, which its host iocb carries as aio_data.
  iocb* add(std::unique_ptr<AioRequest> request);
  // Gives up a request by its number; null if there is none.
  std::unique_ptr<AioRequest> take(uint64_t number);
  // Asks the kernel to cancel the request for this guest iocb: io_cancel's result.
  int64_t cancel(uint64_t guest);

 private:
  const aio_context_t host_;
  std::mutex mutex_;
  uint64_t last_ = 0;
  std::map<uint64_t, std::unique_ptr<AioRequest>> requests_;
};

class AioContexts {
 public:
  void add(uint64_t name, aio_context_t host);
  // By the guest's name; null if there is none.
  std::shared_ptr<AioContext> find(uint64_t name);
  std::shared_ptr<AioContext> remove(uint64_t name);

  // Around a fork: the child has none of them.
  void lock_for_fork() { mutex_.lock(); }
  void unlock_after_fork(bool child);

 private:
  std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<AioContext>> contexts_;
};

}  // namespace xarch::linux_user
