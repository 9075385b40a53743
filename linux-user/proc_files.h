// What /proc says of a guest process: the files that must tell its story instead of the translator's.
#pragma once

#include <string>
#include <string_view>

namespace xarch::linux_user {

class Process;

// Host path for a guest path: through the sysroot, and /proc/self/exe to the guest's program.
std::string host_path(Process& process, const std::string& guest, bool follow_last);

// If the path is one of the files below /proc that are made here (maps, cmdline, auxv, environ, cpuinfo, …):
// opens its text; the descriptor, or -errno. kNotSpecial if it is none of them. Flags are the host's.
inline constexpr int kNotSpecial = -10000;
int open_proc_file(Process& process, std::string_view path, int flags);

// If the path is a link below /proc that is answered here (/proc/self/exe): its target; else empty.
std::string proc_link(Process& process, std::string_view path);

}  // namespace xarch::linux_user
