#include "targets/x86/user/cpu_info.h"

namespace xarch::x86 {

std::string cpuinfo_text(const Model& model, unsigned cpus) {
  const std::string flags = cpuinfo_flags(model);
  std::string text;
  for (unsigned i = 0; i < cpus; ++i) {
    const std::string n = std::to_string(i), all = std::to_string(cpus);
    text += "processor\t: " + n +
            "\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 60\nmodel name\t: xarch " +
            std::string(model.name) +
            "\nstepping\t: 1\ncpu MHz\t\t: 2000.000\ncache size\t: 16384 KB\nphysical id\t: 0\nsiblings\t: " +
            all + "\ncore id\t\t: " + n + "\ncpu cores\t: " + all + "\napicid\t\t: " + n +
            "\ninitial apicid\t: " + n +
            "\nfpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: 13\nwp\t\t: yes\nflags\t\t: " + flags +
            "\nbugs\t\t:\nbogomips\t: 4000.00\nclflush size\t: 64\ncache_alignment\t: 64\naddress sizes\t: "
            "46 bits physical, 48 bits virtual\npower management:\n\n";
  }
  return text;
}

}  // namespace xarch::x86
