#include <systemd/sd-daemon.h>
// Whether the kernel's clock is synchronised; Swift's Glibc module leaves this header out.
#include <sys/timex.h>
