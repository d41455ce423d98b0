#pragma once
// How many descriptors this process may have open.

namespace meridian {

// Raises the soft limit to the hard one, as systemd advises for servers that do not use select(2). Each worker may have
// 256 ports to each upstream at once, and 10,000 TCP clients, where the usual soft limit is 1,024. What can't be raised
// stays: with too few, ports are shared and connections wait.
void raise_descriptor_limit();

}  // namespace meridian
