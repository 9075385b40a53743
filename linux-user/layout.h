// Layouts of structs as an ABI's kernel has them, and their conversion from and to the host's. Where an ABI
// has no table for a struct, its layout is the host's.
#pragma once

#include <fcntl.h>
#include <mqueue.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <time.h>
#include <utime.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace xarch::linux_user {

// Structs with pointers, with the guest's addresses in them, as the generic 64-bit ABI has them.
struct GuestMsghdr {
  uint64_t name;
  uint32_t name_bytes;
  uint32_t pad0;
  uint64_t iov;
  uint64_t iov_count;
  uint64_t control;
  uint64_t control_bytes;
  uint32_t flags;
  uint32_t pad1;
};
struct GuestSigaction {
  uint64_t handler, flags, restorer, mask;
};
struct GuestStack {
  uint64_t sp;
  uint32_t flags;
  uint32_t pad;
  uint64_t bytes;
};
struct GuestSigevent {
  uint64_t value;
  int32_t signo, notify, thread_id;
  int32_t pad[11];
};
struct TimespecPair {
  timespec first, second;
};
struct TimevalPair {
  timeval first, second;
};
struct RobustHead {
  uint64_t next;
  int64_t offset;
  uint64_t pending;
};

enum class StructId : uint8_t {
  kNone,
#define STRUCT(name, type) k_##name,
#include "linux-user/structs.def"
#undef STRUCT
};

// Where a field is on both sides. Sizes are 1, 2, 4 or 8.
struct FieldLayout {
  StructId of;
  uint16_t host, guest;
  uint8_t host_bytes, guest_bytes;
  bool is_signed;  // the narrower side's is extended so
};
struct StructLayout {
  uint16_t guest_bytes = 0;
  std::span<const FieldLayout> fields;
};

// The host's type of a struct.
template <StructId>
struct HostStruct;
#define STRUCT(name, type_name)           \
  template <>                             \
  struct HostStruct<StructId::k_##name> { \
    using type = type_name;               \
  };
#include "linux-user/structs.def"
#undef STRUCT
inline constexpr uint16_t kHostStructBytes[] = {
    0,
#define STRUCT(name, host_type) sizeof(host_type),
#include "linux-user/structs.def"
#undef STRUCT
};
constexpr uint16_t host_bytes(StructId id) { return kHostStructBytes[static_cast<size_t>(id)]; }
inline constexpr size_t kMostStructBytes = 256;

// Which struct a C++ type is.
template <typename T>
inline constexpr StructId kStructId = StructId::kNone;
#define STRUCT_AS(name, type)
#define STRUCT(name, host_type) \
  template <>                   \
  inline constexpr StructId kStructId<host_type> = StructId::k_##name;
#include "linux-user/structs.def"
#undef STRUCT

// Fills the side that is named by the function; what has no field there is zero. Values that do not fit are
// cut off, as the kernel does.
void struct_to_host(const StructLayout& layout, bool big_endian, const uint8_t* guest, void* host,
                    size_t host_bytes);
void struct_to_guest(const StructLayout& layout, bool big_endian, const void* host, uint8_t* guest);

// A table of an ABI: its structs' sizes and all fields in order of structs (those of one struct together).
class LayoutTable {
 public:
  struct Size {
    StructId id;
    uint16_t bytes;
  };
  constexpr LayoutTable(std::span<const Size> sizes, std::span<const FieldLayout> fields)
      : sizes_(sizes), fields_(fields) {}
  // False if the table has no such struct.
  bool find(StructId id, StructLayout* out) const;

 private:
  std::span<const Size> sizes_;
  std::span<const FieldLayout> fields_;
};

// Times of 64 bits as a 32-bit ABI's calls have them (__kernel_timespec): the host's structs, but the upper
// halves of the nanoseconds are padding that the kernel ignores. False if `id` is no such struct.
bool time64_layout(StructId id, bool big_endian, StructLayout* out);

}  // namespace xarch::linux_user
