// ioctl: most requests say in their number how large their struct is and who writes it; the older ones are
// listed here.
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/sockios.h>
#include <linux/tty.h>
#include <net/if.h>
#include <sys/syscall.h>

#include "linux-user/thread.h"

namespace xarch::linux_user {

namespace {

enum class ArgIs : uint8_t { kValue, kRead, kWritten };

struct Request {
  unsigned long number;
  ArgIs arg;  // a plain value, or a pointer to what the kernel reads or writes
  uint32_t bytes;
};

// Requests from before numbers told size and direction.
constexpr Request kOld[] = {
    {TCGETS, ArgIs::kWritten, 36},      {TCSETS, ArgIs::kRead, 36},       {TCSETSW, ArgIs::kRead, 36},
    {TCSETSF, ArgIs::kRead, 36},        {TCGETA, ArgIs::kWritten, 18},    {TCSETA, ArgIs::kRead, 18},
    {TCSETAW, ArgIs::kRead, 18},        {TCSETAF, ArgIs::kRead, 18},      {TCSBRK, ArgIs::kValue, 0},
    {TCXONC, ArgIs::kValue, 0},         {TCFLSH, ArgIs::kValue, 0},       {TIOCEXCL, ArgIs::kValue, 0},
    {TIOCNXCL, ArgIs::kValue, 0},       {TIOCSCTTY, ArgIs::kValue, 0},    {TIOCGPGRP, ArgIs::kWritten, 4},
    {TIOCSPGRP, ArgIs::kRead, 4},       {TIOCOUTQ, ArgIs::kWritten, 4},   {TIOCSTI, ArgIs::kRead, 1},
    {TIOCGWINSZ, ArgIs::kWritten, 8},   {TIOCSWINSZ, ArgIs::kRead, 8},    {TIOCMGET, ArgIs::kWritten, 4},
    {TIOCMBIS, ArgIs::kRead, 4},        {TIOCMBIC, ArgIs::kRead, 4},      {TIOCMSET, ArgIs::kRead, 4},
    {TIOCGSOFTCAR, ArgIs::kWritten, 4}, {TIOCSSOFTCAR, ArgIs::kRead, 4},  {FIONREAD, ArgIs::kWritten, 4},
    {TIOCCONS, ArgIs::kValue, 0},       {TIOCPKT, ArgIs::kRead, 4},       {FIONBIO, ArgIs::kRead, 4},
    {TIOCNOTTY, ArgIs::kValue, 0},      {TIOCSETD, ArgIs::kRead, 4},      {TIOCGETD, ArgIs::kWritten, 4},
    {TCSBRKP, ArgIs::kValue, 0},        {TIOCSBRK, ArgIs::kValue, 0},     {TIOCCBRK, ArgIs::kValue, 0},
    {TIOCGSID, ArgIs::kWritten, 4},     {TIOCVHANGUP, ArgIs::kValue, 0},  {FIONCLEX, ArgIs::kValue, 0},
    {FIOCLEX, ArgIs::kValue, 0},        {FIOASYNC, ArgIs::kRead, 4},      {FIOQSIZE, ArgIs::kWritten, 8},
    {TIOCGPTPEER, ArgIs::kValue, 0},    {SIOCATMARK, ArgIs::kWritten, 4}, {FIBMAP, ArgIs::kWritten, 4},
    {FIGETBSZ, ArgIs::kWritten, 4},     {FICLONE, ArgIs::kValue, 0},      {FITHAW, ArgIs::kValue, 0},
};

// Requests whose struct has a pointer in it.
bool has_inner_pointer(unsigned long request) { return request == SIOCGIFCONF || request == SIOCETHTOOL; }

Request describe(unsigned long request) {
  for (const Request& r : kOld)
    if (r.number == request) return r;
  // Interfaces: struct ifreq, read and written.
  if (request >= 0x8900 && request <= 0x89ff) return {request, ArgIs::kWritten, 40};
  const unsigned direction = _IOC_DIR(request);
  if (direction == _IOC_NONE) return {request, ArgIs::kValue, 0};
  return {request, (direction & _IOC_READ) != 0 ? ArgIs::kWritten : ArgIs::kRead,
          static_cast<uint32_t>(_IOC_SIZE(request))};
}

// ---- ABIs with 32-bit longs
bool is_interface(unsigned long request) { return request >= 0x8900 && request <= 0x89ff; }

// Requests on a long that the kernel takes as an int, under a number that says 4 bytes.
struct Flags {
  unsigned long narrow, host;
};
constexpr Flags kFlags[] = {{FS_IOC32_GETFLAGS, FS_IOC_GETFLAGS},
                            {FS_IOC32_SETFLAGS, FS_IOC_SETFLAGS},
                            {FS_IOC32_GETVERSION, FS_IOC_GETVERSION},
                            {FS_IOC32_SETVERSION, FS_IOC_SETVERSION}};

bool differs(unsigned long request) {
  if (is_interface(request) && request != SIOCATMARK) return true;
  for (const Flags& f : kFlags)
    if (f.narrow == request) return true;
  return false;
}

int64_t narrow_ioctl(Call& call, unsigned long request) {
  for (const Flags& f : kFlags) {
    if (f.narrow != request) continue;
    if (!call.thread.mem().in_range(call.arg(2), 4)) return -EFAULT;
    call.thread.mem().before_write(call.arg(2), 4);
    return host_call(SYS_ioctl, call.fd(0), static_cast<long>(f.host), call.host(2));
  }
  if (has_inner_pointer(request)) {
    call.thread.process().note_missing("ioctl with inner pointers for this ABI");
    return -EINVAL;
  }
  // struct ifreq is shorter by what only struct ifmap has.
  constexpr size_t kNarrowBytes = 32;
  ifreq host = {};
  if (call.thread.copy_in(&host, call.arg(2), kNarrowBytes) != 0) return -EFAULT;
  const long r = host_call(SYS_ioctl, call.fd(0), static_cast<long>(request), reinterpret_cast<long>(&host));
  return r < 0 || call.thread.copy_out(call.arg(2), &host, kNarrowBytes) == 0 ? r : -EFAULT;
}

}  // namespace

int64_t sys_ioctl(Call& call) {
  const unsigned long number = call.u32(1);
  MemoryMap& mem = call.thread.mem();
  if (!call.thread.abi().knows_layouts()) {
    call.thread.process().note_missing("ioctl for this ABI");
    return number == TCGETS ? -ENOTTY : -ENOSYS;
  }
  if (call.thread.word_bytes() == 4 && differs(number)) return narrow_ioctl(call, number);
  if (has_inner_pointer(number) && mem.base() != 0) {
    call.thread.process().note_missing("ioctl with inner pointers and a guest base");
    return -EINVAL;
  }
  const Request request = describe(number);
  if (request.arg == ArgIs::kValue)
    return host_block(call.thread, kRestartSys, SYS_ioctl, call.fd(0), static_cast<long>(number),
                      static_cast<long>(call.arg(2)));
  if (!mem.in_range(call.arg(2), request.bytes)) return -EFAULT;
  if (request.arg == ArgIs::kWritten) mem.before_write(call.arg(2), request.bytes);
  return host_block(call.thread, kRestartSys, SYS_ioctl, call.fd(0), static_cast<long>(number), call.host(2));
}

}  // namespace xarch::linux_user
