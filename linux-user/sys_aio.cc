// Asynchronous I/O: io_setup, io_submit, io_getevents and their like.
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>

#include "linux-user/aio.h"
#include "linux-user/iovec.h"
#include "linux-user/thread.h"
#include "linux-user/timeout.h"

namespace xarch::linux_user {

iocb* AioContext::add(std::unique_ptr<AioRequest> request) {
  std::lock_guard lock(mutex_);
  request->host.aio_data = ++last_;
  iocb* const host = &request->host;
  requests_[last_] = std::move(request);
  return host;
}

std::unique_ptr<AioRequest> AioContext::take(uint64_t number) {
  std::lock_guard lock(mutex_);
  const auto it = requests_.find(number);
  if (it == requests_.end()) return nullptr;
  std::unique_ptr<AioRequest> request = std::move(it->second);
  requests_.erase(it);
  return request;
}

int64_t AioContext::cancel(uint64_t guest) {
  std::lock_guard lock(mutex_);
  for (auto& [number, request] : requests_) {
    if (request->guest != guest) continue;
    io_event unused;
    return host_call(SYS_io_cancel, static_cast<long>(host_), reinterpret_cast<long>(&request->host),
                     reinterpret_cast<long>(&unused));
  }
  return -EINVAL;
}

void AioContexts::add(uint64_t name, aio_context_t host) {
  std::lock_guard lock(mutex_);
  contexts_[name] = std::make_shared<AioContext>(host);
}

std::shared_ptr<AioContext> AioContexts::find(uint64_t name) {
  std::lock_guard lock(mutex_);
  const auto it = contexts_.find(name);
  return it == contexts_.end() ? nullptr : it->second;
}

std::shared_ptr<AioContext> AioContexts::remove(uint64_t name) {
  std::lock_guard lock(mutex_);
  const auto it = contexts_.find(name);
  if (it == contexts_.end()) return nullptr;
  std::shared_ptr<AioContext> context = std::move(it->second);
  contexts_.erase(it);
  return context;
}

void AioContexts::unlock_after_fork(bool child) {
  if (child) contexts_.clear();
  mutex_.unlock();
}

namespace {

constexpr uint64_t kPage = 4096;
// Events fetched by one call; more are left for the next.
constexpr int64_t kMostEvents = 1 << 16;

// Requests and events are laid out alike in all ABIs of a byte order; a vfork child takes no locks.
bool usable(const Thread& t) {
  return t.abi().knows_layouts() && !t.abi().info().big_endian && !t.in_vfork_child();
}

// Makes the addresses in a request the host's; `vectors` holds what it points to until it is submitted. 0 or
// -errno.
int64_t convert(Thread& t, AioRequest* request, std::vector<iovec>* vectors) {
  iocb& host = request->host;
  switch (host.aio_lio_opcode) {
    case IOCB_CMD_PREAD:
    case IOCB_CMD_PWRITE: {
      const uint64_t at = t.untag(host.aio_buf);
      if (!t.mem().in_range(at, host.aio_nbytes)) return -EFAULT;
      if (host.aio_lio_opcode == IOCB_CMD_PREAD) request->written.emplace_back(at, host.aio_nbytes);
      host.aio_buf = reinterpret_cast<uint64_t>(t.mem().host(at));
      break;
    }
    case IOCB_CMD_PREADV:
    case IOCB_CMD_PWRITEV: {
      const bool reads = host.aio_lio_opcode == IOCB_CMD_PREADV;
      if (int64_t r = load_iovec(t, host.aio_buf, host.aio_nbytes,
                                 reads ? Direction::kWrite : Direction::kRead, vectors);
          r != 0)
        return r;
      for (const iovec& v : *vectors) {
        if (reads && v.iov_len != 0)
          request->written.emplace_back(reinterpret_cast<uint64_t>(v.iov_base) - t.mem().base(), v.iov_len);
      }
      host.aio_buf = reinterpret_cast<uint64_t>(vectors->data());
      break;
    }
    default: break;  // without buffers, or for the kernel to refuse
  }
  for (const auto& [at, bytes] : request->written) t.mem().before_write(at, bytes);
  return 0;
}

// Submits the guest's iocb at `guest`: 1, -errno or a restart code.
int64_t submit(Thread& t, AioContext& context, uint64_t guest) {
  auto request = std::make_unique<AioRequest>();
  if (t.get(guest, &request->host) != 0) return -EFAULT;
  // The kernel leaves its mark in each request that it looks at, and wants to find it again: 0.
  constexpr uint64_t kKeyOffset = 8;
  if (t.put(guest + kKeyOffset, uint32_t{0}) != 0) return -EFAULT;
  request->guest = guest;
  request->data = request->host.aio_data;
  std::vector<iovec> vectors;
  if (int64_t r = convert(t, request.get(), &vectors); r != 0) return r;
  iocb* host = context.add(std::move(request));
  const uint64_t number = host->aio_data;
  const int64_t r = host_block(t, kRestartSys, SYS_io_submit, static_cast<long>(context.host()), 1,
                               reinterpret_cast<long>(&host));
  if (r != 1) context.take(number);
  return r;
}

// Turns an event into the guest's. What the kernel has written since the request was made is not what was
// translated.
void complete(Thread& t, AioContext& context, io_event* event) {
  const std::unique_ptr<AioRequest> request = context.take(event->data);
  if (request == nullptr) return;
  event->data = request->data;
  event->obj = request->guest;
  for (const auto& [at, bytes] : request->written) t.mem().before_write(at, bytes);
}

// io_getevents, and io_pgetevents after its mask; a signal makes it `interrupted`.
int64_t get_events(Call& call, int64_t interrupted) {
  Thread& t = call.thread;
  const std::shared_ptr<AioContext> context = t.process().aio().find(call.arg(0));
  if (context == nullptr) return -EINVAL;
  const auto least = static_cast<int64_t>(call.arg(1)), most = static_cast<int64_t>(call.arg(2));
  if (least < 0 || most < least) return -EINVAL;
  const int64_t room = std::min(most, std::max(least, kMostEvents));
  if (room > INT64_MAX / 64 || !t.mem().in_range(call.arg(3), static_cast<uint64_t>(room) * sizeof(io_event)))
    return -EFAULT;
  timespec timeout;
  if (call.arg(4) != 0 && t.get_struct(call.arg(4), &timeout) != 0) return -EFAULT;
  std::vector<io_event> events(static_cast<size_t>(room));
  const int64_t r =
      host_block(t, interrupted, SYS_io_getevents, static_cast<long>(context->host()),
                 static_cast<long>(least), static_cast<long>(room), reinterpret_cast<long>(events.data()),
                 call.arg(4) != 0 ? reinterpret_cast<long>(&timeout) : 0);
  if (r <= 0) return r;
  for (int64_t i = 0; i < r; ++i) complete(t, *context, &events[static_cast<size_t>(i)]);
  return t.copy_out(call.arg(3), events.data(), static_cast<size_t>(r) * sizeof(io_event)) != 0 ? -EFAULT : r;
}

}  // namespace

int64_t sys_io_setup(Call& call) {
  Thread& t = call.thread;
  if (!usable(t)) return -ENOSYS;
  uint64_t name;
  if (t.get_word(call.arg(1), &name) != 0) return -EFAULT;
  if (name != 0) return -EINVAL;
  aio_context_t host = 0;
  if (const long r = host_call(SYS_io_setup, static_cast<long>(call.u32(0)), reinterpret_cast<long>(&host));
      r != 0)
    return r;
  const int64_t page =
      t.mem().mmap(0, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, nullptr, "/[aio] (deleted)");
  if (page >= 0 && t.put_word(call.arg(1), static_cast<uint64_t>(page)) == 0) {
    t.process().aio().add(static_cast<uint64_t>(page), host);
    return 0;
  }
  host_call(SYS_io_destroy, static_cast<long>(host));
  if (page < 0) return page;
  t.mem().munmap(static_cast<uint64_t>(page), kPage);
  return -EFAULT;
}

int64_t sys_io_destroy(Call& call) {
  if (!usable(call.thread)) return -ENOSYS;
  const std::shared_ptr<AioContext> context = call.thread.process().aio().remove(call.arg(0));
  if (context == nullptr) return -EINVAL;
  call.thread.mem().munmap(call.arg(0), kPage);
  // It waits for requests that cannot be cancelled.
  call.thread.engine().park(call.thread.vcpu());
  const long r = host_call(SYS_io_destroy, static_cast<long>(context->host()));
  call.thread.engine().unpark(call.thread.vcpu());
  return r;
}

int64_t sys_io_submit(Call& call) {
  Thread& t = call.thread;
  if (!usable(t)) return -ENOSYS;
  const std::shared_ptr<AioContext> context = t.process().aio().find(call.arg(0));
  const auto count = static_cast<int64_t>(call.arg(1));
  if (context == nullptr || count < 0) return -EINVAL;
  for (int64_t i = 0; i < count; ++i) {
    uint64_t guest;
    int64_t r =
        t.get_word(call.arg(2) + static_cast<uint64_t>(i) * t.word_bytes(), &guest) != 0 ? -EFAULT : 1;
    if (r == 1) r = submit(t, *context, guest);
    if (r != 1) return i != 0 ? i : r;
  }
  return count;
}

int64_t sys_io_cancel(Call& call) {
  if (!usable(call.thread)) return -ENOSYS;
  const std::shared_ptr<AioContext> context = call.thread.process().aio().find(call.arg(0));
  return context == nullptr ? -EINVAL : context->cancel(call.arg(1));
}

int64_t sys_io_getevents(Call& call) { return usable(call.thread) ? get_events(call, -EINTR) : -ENOSYS; }

int64_t sys_io_pgetevents(Call& call) {
  Thread& t = call.thread;
  if (!usable(t)) return -ENOSYS;
  uint64_t mask_at[2] = {};
  for (unsigned i = 0; i < 2 && call.arg(5) != 0; ++i)
    if (t.get_word(call.arg(5) + i * t.word_bytes(), &mask_at[i]) != 0) return -EFAULT;
  if (mask_at[0] == 0) return get_events(call, kRestartNoHand);
  uint64_t mask;
  if (mask_at[1] != sizeof mask) return -EINVAL;
  if (t.get(mask_at[0], &mask) != 0) return -EFAULT;
  set_temporary_mask(t, SignalSet::of64(mask));
  const int64_t r = get_events(call, kRestartNoHand);
  if (r != kRestartNoHand && r != kRestartSys) restore_temporary_mask(t);
  return r == kRestartSys ? kRestartNoHand : r;
}

}  // namespace xarch::linux_user
