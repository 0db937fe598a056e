/* SPDX-License-Identifier: GPL-2.0 */
/* Gives the terminal back when obsctl dies by a signal that it does not wait for. */
#ifndef OBSCTL_RESTORE_H
#define OBSCTL_RESTORE_H

void restore_arm(int fd, const char *main_screen, const char *cursor);
void restore_disarm(void);

#endif
