// What the disk may hold after a power cut.
#include "disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum manner { nothing, everything, in_order, scattered };

// How one file got through: of which moment each of its sectors is, a moment being the number of changes done.
struct survival {
  enum manner manner;
  // In order: how far it came.
  size_t reached;
  // Scattered: of 256 sectors so many are as before, and so many as they should be.
  unsigned old, fresh;
  uint64_t salt;
};

static struct survival chosen(struct fault_disk *disk, size_t changes) {
  static const enum manner manners[] = {
      nothing, everything, in_order, in_order, scattered, scattered, scattered, scattered};
  struct survival survival = {.manner = manners[next_random(disk) % 8], .salt = next_random(disk)};
  survival.reached = next_random(disk) % (changes + 1);
  survival.old = (unsigned)(next_random(disk) % 200);
  survival.fresh = (unsigned)(next_random(disk) % (256 - survival.old));
  return survival;
}

static size_t moment_of(const struct survival *survival, int64_t sector, size_t changes) {
  uint64_t dice = mixed(survival->salt + (uint64_t)sector * 0x9E3779B97F4A7C15u);
  unsigned fate = dice & 255;
  switch (survival->manner) {
    case nothing: return 0;
    case everything: return changes;
    case in_order: return survival->reached + (fate & 1);
    case scattered: break;
  }
  if (fate < survival->old) return 0;
  if (fate < survival->old + survival->fresh) return changes;
  return (dice >> 8) % (changes + 1);
}

static void store(const struct fault_disk *disk, const char *name, const uint8_t *bytes, size_t size) {
  char path[longest_path + longest_name + 2];
  snprintf(path, sizeof path, "%s/%s", disk->image, name);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (file < 0) abort();
  for (size_t done = 0; done < size;) {
    ssize_t written = write(file, bytes + done, size - done);
    if (written <= 0) abort();
    done += (size_t)written;
  }
  close(file);
}

static void store_content(struct fault_disk *disk, const char *name, const struct content *content) {
  int64_t sectors = (largest_size(content) + sector_size - 1) / sector_size;
  size_t room = (size_t)(sectors * sector_size);
  uint8_t *bytes = grown(NULL, room);
  bool has_garbage = next_random(disk) % 4 == 0;
  for (size_t i = 0; i < room; i++) bytes[i] = has_garbage ? (uint8_t)mixed(i) : 0;
  if (content->size > 0) memcpy(bytes, content->durable, (size_t)content->size);
  struct survival survival = chosen(disk, content->count);
  for (size_t i = 0; i < content->count; i++) {
    const struct change *change = &content->changes[i];
    if (change->is_lost) continue;
    int64_t end = change->bytes ? (change->offset + change->length + sector_size - 1) / sector_size : sectors;
    for (int64_t sector = change->offset / sector_size; sector < end; sector++)
      if (i < moment_of(&survival, sector, content->count)) apply_piece(bytes, change, sector);
  }
  // The length has a moment of its own: it stands elsewhere on the disk.
  store(disk, name, bytes, (size_t)size_after(content, moment_of(&survival, -1, content->count)));
  free(bytes);
}

static void store_watched(struct fault_disk *disk, const struct watched *watched) {
  size_t versions = 0;
  bool was_missing = false;
  for (const struct version *version = watched->newest; version; version = version->next) {
    versions++;
    was_missing = !version->is_there;
  }
  // A file that is new may have a name and no content yet.
  if (was_missing && versions > 1 && next_random(disk) % 8 == 0) {
    store(disk, watched->text, NULL, 0);
    return;
  }
  size_t age = versions ? next_random(disk) % versions : 0;
  // More often than not it is a young one.
  if (next_random(disk) % 2) age = age > 2 ? next_random(disk) % 3 : age;
  const struct version *version = watched->newest;
  for (; version && age > 0; age--) version = version->next;
  if (version && version->is_there) store(disk, watched->text, version->bytes, version->size);
}

void write_image(struct fault_disk *disk) {
  look_at_watched(disk);
  for (struct name *name = disk->names; name; name = name->next) {
    bool is_current = name->durable == name->current || next_random(disk) % 2;
    const struct content *content = is_current ? name->current : name->durable;
    if (content) store_content(disk, name->text, content);
  }
  for (struct watched *watched = disk->watched; watched; watched = watched->next) store_watched(disk, watched);
}
