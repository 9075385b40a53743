// What linux-user asks of a guest architecture: one UserAbi object per process, implemented in
// targets/*/user.
#pragma once

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "linux-user/layout.h"
#include "linux-user/siginfo.h"
#include "linux-user/syscall_id.h"
#include "tcg/runtime/engine.h"
#include "tcg/runtime/guest.h"
#include "tcg/support/result.h"

namespace xarch::linux_user {

// Constant facts of an ABI.
struct AbiInfo {
  std::string_view name;            // "aarch64", also what uname's machine says
  std::string_view triplet;         // Debian's, for /usr/TRIPLET as the last sysroot tried
  std::string_view default_interp;  // where the ABI's dynamic linker lies; marks a root
  std::string_view platform;        // AT_PLATFORM
  uint16_t elf_machine = 0;
  uint8_t elf_class = 2;  // ELFCLASS32 (1) or ELFCLASS64 (2)
  bool big_endian = false;
  uint32_t page_bytes = 4096;
  unsigned va_bits = 42;  // user addresses lie below 1 << va_bits
  // Where the main stack ends and position-independent programs start, if there is room; 0: at the end of the
  // address space, and at two thirds of it.
  uint64_t stack_top = 0;
  uint64_t program_start = 0;
  uint64_t min_signal_stack = 2048;  // MINSIGSTKSZ, and AT_MINSIGSTKSZ where the kernel gives one
  bool has_minsigstksz_auxv = false;
  uint64_t restorer_flag = 0x04000000;  // SA_RESTORER, 0 if the architecture has none
  uint64_t red_zone = 0;                // bytes below the stack pointer that are the running function's
  int low_map_flag = 0;                 // of mmap: below 2 GB (MAP_32BIT)
  // An access to an address that no page can have is a protection fault, which tells no address.
  bool noncanonical_protection = false;
  // Struct layouts and flag values agree with the 64-bit asm-generic ones of a little-endian machine, but for
  // the differences that UserAbi's functions express. Calls that need more are refused otherwise (ENOSYS).
  bool generic64_layouts = false;
  bool plain_frames = false;  // handlers without SA_SIGINFO have frames of their own, which sigreturn undoes
  bool packed_epoll = false;  // struct epoll_event has no padding
  bool spread_semid = false;  // struct semid64_ds has an unused word behind each time
};

// A system call as the guest made it.
struct SyscallRegs {
  uint32_t number = 0;
  uint64_t arg[6] = {};
  bool time64 = false;  // a 32-bit ABI's call with times of 64 bits, as 64-bit ABIs have them
};

// What a `raise` of the target's code amounts to.
struct RaiseEffect {
  SignalInfo signal;           // signo 0: none
  uint64_t changed_start = 0;  // guest code there may have changed, the guest says
  uint64_t changed_bytes = 0;
  uint64_t error = 0;  // SignalDelivery::fault_error
};

struct Call;

// Calls that one architecture alone has, about its own registers (UserAbi::machine_call).
enum class MachineCall : uint8_t {
  kArchPrctl,
  kModifyLdt,
  kSetThreadArea,
  kGetThreadArea,
  kIoPermissions,  // iopl, ioperm
};

class UserAbi {
 public:
  virtual ~UserAbi() = default;
  virtual const AbiInfo& info() const = 0;
  virtual const tcg::Guest& guest() const = 0;

  // ---- what the auxiliary vector and /proc say of the processor
  virtual uint64_t hwcap() const = 0;
  virtual uint64_t hwcap2() const = 0;
  // The text of /proc/cpuinfo for so many processors.
  virtual std::string cpuinfo(unsigned cpus) const = 0;

  // ---- system calls. `state` is the vCPU's state block.
  // The ABI that a call is of at Exit::kSyscall with this exit code: another one where the processor has a
  // way to its calls, too. Its `state` is the same; results are given by this one.
  virtual const UserAbi& syscall_abi(const void* state, uint32_t exit_code) const;
  // What the ABI's number means; SyscallId::kNone if nothing.
  virtual SyscallId syscall_id(uint32_t number) const = 0;
  // Reads number and arguments at Exit::kSyscall with this exit code.
  virtual SyscallRegs syscall_regs(const void* state, uint32_t exit_code) const = 0;
  // Gives the guest the result: >= 0 or -errno (the host's numbers).
  virtual void set_result(void* state, int64_t result) const = 0;
  // The result as the registers hold it, where that can be told (rt_sigreturn's, in logs); 0 else.
  virtual int64_t result(const void*) const { return 0; }
  // Puts the state back so that the same call is made again: pc on the instruction, first argument and number
  // restored from what the registers held.
  virtual void rewind_syscall(void* state, const SyscallRegs& regs) const = 0;

  // ---- registers
  virtual uint64_t pc(const void* state) const = 0;
  virtual void set_pc(void* state, uint64_t pc) const = 0;
  virtual uint64_t sp(const void* state) const = 0;
  virtual void set_sp(void* state, uint64_t sp) const = 0;
  virtual void set_tls(void* state, uint64_t tls) const = 0;
  // A process begins at entry with its stack pointer at sp; all else as after execve.
  virtual void start(void* state, uint64_t entry, uint64_t sp) const = 0;
  // The child of a clone: a copy of the parent's registers (header excepted), its call's result 0.
  virtual void copy_for_clone(void* child, const void* parent) const = 0;

  // ---- signals
  // Exit::kRaise with this code and value: what it is to the guest; pc is adjusted in the state if the
  // architecture reports another one.
  virtual RaiseEffect on_raise(void* state, uint32_t code, uint64_t value) const = 0;
  // Bytes of a signal frame. plain: AbiInfo::plain_frames, and one of these.
  virtual uint64_t frame_bytes(bool plain) const = 0;
  // The highest address at or below `at` where a frame may begin.
  virtual uint64_t align_frame(uint64_t at, bool plain) const = 0;
  // Writes a frame of frame_bytes for `delivery` into `frame`, which will stand at guest address `at`, and
  // changes the registers so that the handler runs next.
  virtual void build_frame(void* state, const SignalDelivery& delivery, uint64_t at,
                           uint8_t* frame) const = 0;
  // rt_sigreturn, sigreturn: where the frame stands, by the registers.
  virtual uint64_t frame_address(const void* state, bool plain) const = 0;
  // Restores registers, signal mask and alternate stack from a frame; false if it is malformed (SIGSEGV
  // then).
  virtual bool restore_frame(void* state, const uint8_t* frame, bool plain, FrameContext* context) const = 0;
  // The guest went to an address that no program can map but at which the kernel makes a call and returns
  // (x86's vsyscall page): which call, with the registers set as behind it. False: a fault as any other.
  virtual bool call_at(void* state, SyscallRegs* regs) const;
  // The architecture's error word for a fault of this kind (SignalDelivery::fault_error); 0: none.
  // present: a page is mapped there, and not without any right.
  virtual uint64_t fault_error(int signo, int code, bool write, bool fetch, bool present) const;
  // Code of the page that signal handlers return to when they have no restorer: the rt_sigreturn call stands
  // at its beginning.
  virtual std::span<const uint8_t> trampoline() const = 0;

  // ---- numbers and layouts that differ. Defaults: the generic ones, which are x86-64's too.
  virtual int open_flags_to_host(int guest) const = 0;
  virtual int open_flags_to_guest(int host) const = 0;
  virtual int prot_to_host_checked(int guest) const;  // PROT_*; -1 if a bit is unknown
  // mmap flags; the mapping type (MAP_TYPE) is the same everywhere.
  virtual int map_flags_to_host(int guest) const { return guest; }
  // At most 160 bytes; returns how many, or -errno.
  virtual int64_t put_stat(const struct stat& st, uint8_t* out) const = 0;
  // The form with 64-bit sizes of 32-bit ABIs.
  virtual int64_t put_stat64(const struct stat& st, uint8_t* out) const { return put_stat(st, out); }
  // The form of the first kernels, which ABIs of that age have.
  virtual int64_t put_old_stat(const struct stat&, uint8_t*) const { return -ENOSYS; }
  virtual bool clone_tls_before_child_tid() const = 0;  // CONFIG_CLONE_BACKWARDS

  // Structs that are not laid out as the host's; null: none, as far as generic64_layouts goes.
  virtual const LayoutTable* layouts() const { return nullptr; }
  bool knows_layouts() const { return info().generic64_layouts || layouts() != nullptr; }
  // siginfo_t, at most 128 bytes.
  virtual void put_siginfo(const siginfo_t& info, uint8_t* out) const;
  virtual void get_siginfo(const uint8_t* in, siginfo_t* info) const;

  // A call of the architecture's own; its result as a system call's.
  virtual int64_t machine_call(Call& call, MachineCall which) const;
};

inline const UserAbi& UserAbi::syscall_abi(const void*, uint32_t) const { return *this; }
inline bool UserAbi::call_at(void*, SyscallRegs*) const { return false; }
inline uint64_t UserAbi::fault_error(int, int, bool, bool, bool) const { return 0; }
inline void UserAbi::put_siginfo(const siginfo_t& info, uint8_t* out) const {
  memcpy(out, &info, sizeof info);
}
inline void UserAbi::get_siginfo(const uint8_t* in, siginfo_t* info) const { memcpy(info, in, sizeof *info); }
inline int64_t UserAbi::machine_call(Call&, MachineCall) const { return -ENOSYS; }
inline int UserAbi::prot_to_host_checked(int guest) const { return (guest & ~7) == 0 ? guest : -1; }

// One kind of guest that this program was built with.
struct AbiFactory {
  uint16_t elf_machine;
  uint8_t elf_class;
  bool big_endian;
  std::string_view name;
  // Makes the ABI for a processor model (empty: the default); the error lists the models there are.
  Result<std::unique_ptr<UserAbi>> (*make)(std::string_view cpu);
  // The processor models there are, in one line.
  std::string (*models)();
};

}  // namespace xarch::linux_user
