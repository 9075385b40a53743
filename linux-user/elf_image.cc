#include "linux-user/elf_image.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace xarch::linux_user {

namespace {

constexpr uint64_t kPage = 4096;

// Reads fields of either byte order and word size from a copy of the file's bytes.
class Fields {
 public:
  Fields(const uint8_t* p, bool big) : p_(p), big_(big) {}
  uint16_t u16(size_t at) const { return get<uint16_t>(at); }
  uint32_t u32(size_t at) const { return get<uint32_t>(at); }
  uint64_t u64(size_t at) const { return get<uint64_t>(at); }

 private:
  template <typename T>
  T get(size_t at) const {
    T v = 0;
    for (size_t i = 0; i < sizeof(T); ++i) {
      const size_t shift = 8 * (big_ ? sizeof(T) - 1 - i : i);
      v = static_cast<T>(v | static_cast<T>(static_cast<T>(p_[at + i]) << shift));
    }
    return v;
  }
  const uint8_t* p_;
  bool big_;
};

struct Phdr {
  uint32_t type, flags;
  uint64_t offset, vaddr, filesz, memsz, align;
};

Phdr phdr_at(const Fields& f, size_t at, bool is64) {
  Phdr p;
  p.type = f.u32(at);
  if (is64) {
    p.flags = f.u32(at + 4);
    p.offset = f.u64(at + 8);
    p.vaddr = f.u64(at + 16);
    p.filesz = f.u64(at + 32);
    p.memsz = f.u64(at + 40);
    p.align = f.u64(at + 48);
  } else {
    p.offset = f.u32(at + 4);
    p.vaddr = f.u32(at + 8);
    p.filesz = f.u32(at + 16);
    p.memsz = f.u32(at + 20);
    p.flags = f.u32(at + 24);
    p.align = f.u32(at + 28);
  }
  return p;
}

// Reads exactly so many bytes, or says why not.
int read_fully(int fd, void* to, size_t bytes, uint64_t offset) {
  auto* p = static_cast<uint8_t*>(to);
  while (bytes != 0) {
    const ssize_t n = pread(fd, p, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return ENOEXEC;
    p += n;
    bytes -= static_cast<size_t>(n);
    offset += static_cast<uint64_t>(n);
  }
  return 0;
}

Error bad(const std::string& name, const std::string& why) { return Error{name + ": " + why, ENOEXEC}; }

// Do two segments claim the same bytes, or is the entry point in none? The reason to refuse it, or an empty
// string.
std::string check_places(const ElfImage& image) {
  bool entry_inside = false;
  for (size_t i = 0; i < image.loads.size(); ++i) {
    const ElfSegment& a = image.loads[i];
    entry_inside |= image.entry >= a.vaddr && image.entry - a.vaddr < a.mem_bytes;
    for (size_t j = 0; j < i; ++j) {
      const ElfSegment& b = image.loads[j];
      if (a.vaddr < b.vaddr + b.mem_bytes && b.vaddr < a.vaddr + a.mem_bytes) return "segments overlap";
    }
  }
  return entry_inside ? "" : "entry point outside of its segments";
}

// Checks a PT_LOAD and adds it; the reason it is refused, or an empty string.
std::string add_load(const Phdr& p, uint64_t file_bytes, uint64_t limit, ElfImage* image) {
  if (p.memsz == 0) return {};
  if (p.filesz > p.memsz) return "segment larger in the file than in memory";
  if (p.offset > file_bytes || p.filesz > file_bytes - p.offset)
    return "truncated: a segment ends behind the file's end";
  if ((p.vaddr - p.offset) % kPage != 0) return "segment address and file offset disagree";
  if (p.vaddr + p.memsz < p.vaddr || p.vaddr + p.memsz > UINT64_MAX - kPage) return "segment wraps around";
  if (limit != 0 && p.vaddr + p.memsz > limit) return "segment above the end of the address space";
  ElfSegment s;
  s.vaddr = p.vaddr;
  s.offset = p.offset;
  s.file_bytes = p.filesz;
  s.mem_bytes = p.memsz;
  s.prot =
      (p.flags & PF_R ? PROT_READ : 0) | (p.flags & PF_W ? PROT_WRITE : 0) | (p.flags & PF_X ? PROT_EXEC : 0);
  const uint64_t end = (p.vaddr + p.memsz + kPage - 1) & ~(kPage - 1);
  image->low = image->loads.empty() ? p.vaddr & ~(kPage - 1) : std::min(image->low, p.vaddr & ~(kPage - 1));
  image->high = std::max(image->high, end);
  if ((p.align & (p.align - 1)) == 0 && p.align <= (uint64_t{1} << 30))
    image->max_align = std::max(image->max_align, p.align);
  image->loads.push_back(s);
  return {};
}

}  // namespace

Result<FileKind> file_kind(int fd, const std::string& name) {
  struct stat st;
  if (fstat(fd, &st) != 0) return Error{name + ": " + strerror(errno), errno};
  if (S_ISDIR(st.st_mode)) return Error{name + ": is a directory", EISDIR};
  if (!S_ISREG(st.st_mode)) return Error{name + ": not a regular file", EACCES};
  char head[4];
  const ssize_t n = pread(fd, head, sizeof head, 0);
  if (n < 0) return Error{name + ": " + strerror(errno), errno};
  if (n >= 2 && head[0] == '#' && head[1] == '!') return FileKind::kScript;
  if (n == 4 && memcmp(head, ELFMAG, 4) == 0) return FileKind::kElf;
  return FileKind::kOther;
}

Result<ElfImage> read_elf(int fd, const std::string& name, uint64_t limit) {
  struct stat st;
  if (fstat(fd, &st) != 0) return Error{name + ": " + strerror(errno), errno};
  const auto file_bytes = static_cast<uint64_t>(st.st_size);
  uint8_t head[64] = {};
  if (file_bytes < 52) return bad(name, "truncated: shorter than an ELF header");
  if (int e = read_fully(fd, head, std::min<uint64_t>(sizeof head, file_bytes), 0); e != 0)
    return Error{name + ": " + strerror(e), e};
  if (memcmp(head, ELFMAG, 4) != 0) return bad(name, "not an ELF file");

  ElfImage image;
  image.elf_class = head[EI_CLASS];
  if (image.elf_class != ELFCLASS32 && image.elf_class != ELFCLASS64) return bad(name, "bad ELF class");
  if (head[EI_DATA] != ELFDATA2LSB && head[EI_DATA] != ELFDATA2MSB) return bad(name, "bad ELF byte order");
  if (head[EI_VERSION] != EV_CURRENT) return bad(name, "bad ELF version");
  image.big_endian = head[EI_DATA] == ELFDATA2MSB;
  const bool is64 = image.elf_class == ELFCLASS64;
  if (is64 && file_bytes < 64) return bad(name, "truncated: shorter than an ELF header");
  const Fields f(head, image.big_endian);
  const uint16_t type = f.u16(16);
  image.machine = f.u16(18);
  if (type != ET_EXEC && type != ET_DYN)
    return bad(name, type == ET_REL    ? "an object file, not a program"
                     : type == ET_CORE ? "a core dump, not a program"
                                       : "bad ELF type");
  image.position_independent = type == ET_DYN;
  image.entry = is64 ? f.u64(24) : f.u32(24);
  const uint64_t phoff = is64 ? f.u64(32) : f.u32(28);
  image.flags = f.u32(is64 ? 48 : 36);
  image.phdr_bytes = f.u16(is64 ? 54 : 42);
  image.phdr_count = f.u16(is64 ? 56 : 44);
  if (image.phdr_bytes != (is64 ? 56 : 32)) return bad(name, "bad size of program headers");
  if (image.phdr_count == 0) return bad(name, "no program headers");
  const uint32_t table_bytes = uint32_t{image.phdr_count} * image.phdr_bytes;
  if (table_bytes > 65536) return bad(name, "too many program headers");
  if (phoff > file_bytes || table_bytes > file_bytes - phoff)
    return bad(name, "truncated: program headers behind its end");

  std::vector<uint8_t> table(table_bytes);
  if (int e = read_fully(fd, table.data(), table_bytes, phoff); e != 0)
    return Error{name + ": " + strerror(e), e};
  const Fields t(table.data(), image.big_endian);
  for (unsigned i = 0; i < image.phdr_count; ++i) {
    const Phdr p = phdr_at(t, size_t{i} * image.phdr_bytes, is64);
    if (p.type == PT_LOAD) {
      if (std::string why = add_load(p, file_bytes, limit, &image); !why.empty()) return bad(name, why);
      if (p.offset <= phoff && phoff + table_bytes <= p.offset + p.filesz && image.phdr_vaddr == 0)
        image.phdr_vaddr = p.vaddr + (phoff - p.offset);
    } else if (p.type == PT_INTERP && image.interp.empty()) {
      if (p.filesz < 2 || p.filesz > PATH_MAX) return bad(name, "bad length of the interpreter's name");
      if (p.offset > file_bytes || p.filesz > file_bytes - p.offset)
        return bad(name, "truncated: the interpreter's name lies behind its end");
      std::string interp(p.filesz, '\0');
      if (int e = read_fully(fd, interp.data(), interp.size(), p.offset); e != 0)
        return Error{name + ": " + strerror(e), e};
      if (interp.back() != '\0') return bad(name, "interpreter's name does not end");
      interp.resize(strlen(interp.c_str()));
      if (interp.empty()) return bad(name, "interpreter's name is empty");
      image.interp = std::move(interp);
    } else if (p.type == PT_GNU_STACK) {
      image.exec_stack = (p.flags & PF_X) != 0;
    }
  }
  if (image.loads.empty()) return bad(name, "nothing to load");
  if (std::string why = check_places(image); !why.empty()) return bad(name, why);
  return image;
}

bool native_machine(uint16_t machine, bool big_endian) {
#if defined(__x86_64__)
  return !big_endian && (machine == EM_X86_64 || machine == EM_386);
#else
  return !big_endian && machine == EM_AARCH64;
#endif
}

bool native_machine(const ElfImage& image) { return native_machine(image.machine, image.big_endian); }

std::string machine_name(uint16_t machine) {
  switch (machine) {
    case EM_386: return "i386";
    case EM_X86_64: return "x86-64";
    case EM_ARM: return "ARM";
    case EM_AARCH64: return "AArch64";
    case EM_MIPS: return "MIPS";
    case EM_PPC: return "PowerPC";
    case EM_PPC64: return "PowerPC64";
    case EM_SPARC: return "SPARC";
    case EM_SPARC32PLUS: return "SPARC V8+";
    case EM_SPARCV9: return "SPARC V9";
    case EM_S390: return "s390";
    case EM_RISCV: return "RISC-V";
    default: return "machine " + std::to_string(machine);
  }
}

}  // namespace xarch::linux_user
