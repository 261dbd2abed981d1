// The layer itself: methods that ask the disk first and the system's VFS then.
#include "disk.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct shim_file {
  sqlite3_file base;
  // NULL where the file lies on no disk of ours.
  struct fault_disk *disk;
  struct content *content;
  enum fault_disk_file kind;
  // The first sync makes the name durable, see UNIXFILE_DIRSYNC in SQLite's os_unix.c.
  bool syncs_folder;
  sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;

static struct shim_file *shim(sqlite3_file *file) { return (struct shim_file *)file; }
static sqlite3_file *real(sqlite3_file *file) { return shim(file)->real; }

static int natural_code(enum fault_disk_operation operation) {
  switch (operation) {
    case fault_disk_open: return SQLITE_CANTOPEN;
    case fault_disk_read: return SQLITE_IOERR_READ;
    case fault_disk_write: return SQLITE_IOERR_WRITE;
    case fault_disk_sync: return SQLITE_IOERR_FSYNC;
    case fault_disk_truncate: return SQLITE_IOERR_TRUNCATE;
    case fault_disk_delete: return SQLITE_IOERR_DELETE;
    default: return SQLITE_IOERR;
  }
}

// The code with which the operation fails; SQLITE_OK lets it go on.
static int failure(struct fault_disk *disk, enum fault_disk_operation operation) {
  if (disk->cut.is_cut) return natural_code(operation);
  if (!disk->has_fault || !(disk->fault.operations >> operation & 1)) return SQLITE_OK;
  if (disk->fault.after > 0) {
    disk->fault.after--;
    return SQLITE_OK;
  }
  if (disk->fault.times > 0 && --disk->fault.times == 0) disk->has_fault = false;
  disk->counters.faults[operation]++;
  return disk->fault.code ? disk->fault.code : natural_code(operation);
}

// Whether the power goes at this operation.
static bool is_cut_due(struct fault_disk *disk, enum fault_disk_operation operation, enum fault_disk_file kind) {
  if (disk->remembers) look_at_watched(disk);
  if (!disk->has_cut || --disk->operations_to_cut > 0) return false;
  disk->has_cut = false;
  disk->cut = (struct fault_disk_cut){.is_cut = true, .operation = operation, .file = kind};
  return true;
}

static int close_file(sqlite3_file *file) {
  int code = real(file)->pMethods ? real(file)->pMethods->xClose(real(file)) : SQLITE_OK;
  if (shim(file)->disk) release_disk(shim(file)->disk);
  return code;
}

static int read_file(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset) {
  struct fault_disk *disk = shim(file)->disk;
  if (disk) {
    pthread_mutex_lock(&disk->lock);
    int code = failure(disk, fault_disk_read);
    if (!code) disk->counters.count[fault_disk_read][shim(file)->kind]++;
    pthread_mutex_unlock(&disk->lock);
    if (code) return code;
  }
  return real(file)->pMethods->xRead(real(file), bytes, length, offset);
}

// Does the write underneath and remembers it.
static int done_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset) {
  struct shim_file *shim_file = shim(file);
  if (shim_file->disk->remembers) remember_write(shim_file->content, bytes, length, offset);
  return real(file)->pMethods->xWrite(real(file), bytes, length, offset);
}

static int write_file(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset) {
  struct fault_disk *disk = shim(file)->disk;
  enum fault_disk_file kind = shim(file)->kind;
  if (!disk) return real(file)->pMethods->xWrite(real(file), bytes, length, offset);
  pthread_mutex_lock(&disk->lock);
  int code = failure(disk, fault_disk_write);
  if (!code) {
    code = done_write(file, bytes, length, offset);
    disk->counters.count[fault_disk_write][kind]++;
    disk->counters.bytes[kind] += (uint64_t)length;
    if (is_cut_due(disk, fault_disk_write, kind)) {
      write_image(disk);
      code = SQLITE_IOERR_WRITE;
    }
  } else if (!disk->cut.is_cut && length > sector_size && next_random(disk) % 2) {
    done_write(file, bytes, length / 2 / sector_size * sector_size, offset);
  }
  pthread_mutex_unlock(&disk->lock);
  return code;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size) {
  struct fault_disk *disk = shim(file)->disk;
  enum fault_disk_file kind = shim(file)->kind;
  if (!disk) return real(file)->pMethods->xTruncate(real(file), size);
  pthread_mutex_lock(&disk->lock);
  int code = failure(disk, fault_disk_truncate);
  if (!code) {
    if (disk->remembers) remember_truncation(shim(file)->content, size);
    code = real(file)->pMethods->xTruncate(real(file), size);
    disk->counters.count[fault_disk_truncate][kind]++;
    if (is_cut_due(disk, fault_disk_truncate, kind)) {
      write_image(disk);
      code = SQLITE_IOERR_TRUNCATE;
    }
  }
  pthread_mutex_unlock(&disk->lock);
  return code;
}

static int sync_file(sqlite3_file *file, int flags) {
  struct fault_disk *disk = shim(file)->disk;
  enum fault_disk_file kind = shim(file)->kind;
  if (!disk) return real(file)->pMethods->xSync(real(file), flags);
  pthread_mutex_lock(&disk->lock);
  int code = failure(disk, fault_disk_sync);
  if (!code) {
    disk->counters.count[fault_disk_sync][kind]++;
    bool is_cut = is_cut_due(disk, fault_disk_sync, kind);
    if (!is_cut || next_random(disk) % 2) {
      if (disk->remembers) make_durable(disk, shim(file)->content);
      if (shim(file)->syncs_folder) make_names_durable(disk);
      shim(file)->syncs_folder = false;
    }
    if (is_cut) {
      write_image(disk);
      code = SQLITE_IOERR_FSYNC;
    }
  } else if (!disk->cut.is_cut && disk->remembers) {
    lose_changes(disk, shim(file)->content);
  }
  pthread_mutex_unlock(&disk->lock);
  return code;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
static int lock_file(sqlite3_file *file, int level) { return real(file)->pMethods->xLock(real(file), level); }
static int unlock_file(sqlite3_file *file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
static int check_lock(sqlite3_file *file, int *result) {
  return real(file)->pMethods->xCheckReservedLock(real(file), result);
}
static int control_file(sqlite3_file *file, int operation, void *argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
static int sector_of(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }
static int characteristics(sqlite3_file *file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }
static int map_index(sqlite3_file *file, int page, int size, int extends, void volatile **result) {
  return real(file)->pMethods->xShmMap(real(file), page, size, extends, result);
}
static int lock_index(sqlite3_file *file, int offset, int count, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
static void index_barrier(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }
static int unmap_index(sqlite3_file *file, int deletes) {
  return real(file)->pMethods->xShmUnmap(real(file), deletes);
}

// Version 2 has no memory mapping, so that everything comes past here.
static const sqlite3_io_methods methods = {
    2, close_file, read_file, write_file, truncate_file, sync_file, file_size, lock_file, unlock_file, check_lock,
    control_file, sector_of, characteristics, map_index, lock_index, index_barrier, unmap_index, NULL, NULL};

static enum fault_disk_file kind_of(int flags) {
  if (flags & SQLITE_OPEN_MAIN_DB) return fault_disk_database;
  return flags & SQLITE_OPEN_WAL ? fault_disk_log : fault_disk_other;
}

// What the disk has to say before the file is opened underneath.
static int admitted(struct fault_disk *disk, const char *path, int flags, struct shim_file *file) {
  file->kind = kind_of(flags);
  file->syncs_folder = flags & SQLITE_OPEN_CREATE
                       && flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL);
  int code = failure(disk, fault_disk_open);
  if (code || !disk->remembers) return code;
  // Will be refused underneath.
  if (!(flags & SQLITE_OPEN_CREATE) && access(path, F_OK) != 0) return SQLITE_OK;
  bool is_new = false;
  file->content = opened_content(disk, path, &is_new);
  if (is_new && is_cut_due(disk, fault_disk_open, file->kind)) {
    write_image(disk);
    return SQLITE_CANTOPEN;
  }
  return SQLITE_OK;
}

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out_flags) {
  (void)vfs;
  struct shim_file *file = shim(base);
  memset(file, 0, sizeof *file);
  file->real = (sqlite3_file *)(file + 1);
  struct fault_disk *disk = path && !(flags & SQLITE_OPEN_DELETEONCLOSE) ? disk_of(path) : NULL;
  int code = SQLITE_OK;
  if (disk) {
    pthread_mutex_lock(&disk->lock);
    code = admitted(disk, path, flags, file);
    if (!code) disk->counters.count[fault_disk_open][file->kind]++;
    pthread_mutex_unlock(&disk->lock);
  }
  if (!code) code = real_vfs->xOpen(real_vfs, path, file->real, flags, out_flags);
  if (code) {
    if (disk) release_disk(disk);
    return code;
  }
  file->disk = disk;
  file->base.pMethods = &methods;
  return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int syncs_folder) {
  (void)vfs;
  struct fault_disk *disk = disk_of(path);
  if (!disk) return real_vfs->xDelete(real_vfs, path, syncs_folder);
  pthread_mutex_lock(&disk->lock);
  int code = failure(disk, fault_disk_delete);
  if (!code) {
    code = real_vfs->xDelete(real_vfs, path, 0);
    if (!code) {
      disk->counters.count[fault_disk_delete][fault_disk_other]++;
      forget_name(disk, path);
      bool is_cut = is_cut_due(disk, fault_disk_delete, fault_disk_other);
      if (syncs_folder && (!is_cut || next_random(disk) % 2)) make_names_durable(disk);
      if (is_cut) {
        write_image(disk);
        code = SQLITE_IOERR_DELETE;
      }
    }
  }
  pthread_mutex_unlock(&disk->lock);
  release_disk(disk);
  return code;
}

static int access_file(sqlite3_vfs *vfs, const char *path, int flags, int *result) {
  (void)vfs;
  return real_vfs->xAccess(real_vfs, path, flags, result);
}
static int full_path(sqlite3_vfs *vfs, const char *path, int size, char *result) {
  (void)vfs;
  return real_vfs->xFullPathname(real_vfs, path, size, result);
}
static int random_bytes(sqlite3_vfs *vfs, int size, char *bytes) {
  (void)vfs;
  return real_vfs->xRandomness(real_vfs, size, bytes);
}
static int pause_for(sqlite3_vfs *vfs, int microseconds) {
  (void)vfs;
  return real_vfs->xSleep(real_vfs, microseconds);
}
static int time_of_day(sqlite3_vfs *vfs, double *result) {
  (void)vfs;
  return real_vfs->xCurrentTime(real_vfs, result);
}
static int last_error(sqlite3_vfs *vfs, int size, char *text) {
  (void)vfs;
  return real_vfs->xGetLastError(real_vfs, size, text);
}
static int time_in_milliseconds(sqlite3_vfs *vfs, sqlite3_int64 *result) {
  (void)vfs;
  return real_vfs->xCurrentTimeInt64(real_vfs, result);
}

bool install_vfs(void) {
  static sqlite3_vfs vfs;
  real_vfs = sqlite3_vfs_find("unix");
  if (!real_vfs) return false;
  vfs = (sqlite3_vfs){
      .iVersion = 2,
      .szOsFile = (int)sizeof(struct shim_file) + real_vfs->szOsFile,
      .mxPathname = real_vfs->mxPathname,
      .zName = FAULT_DISK_VFS,
      .xOpen = open_file,
      .xDelete = delete_file,
      .xAccess = access_file,
      .xFullPathname = full_path,
      .xRandomness = random_bytes,
      .xSleep = pause_for,
      .xCurrentTime = time_of_day,
      .xGetLastError = last_error,
      .xCurrentTimeInt64 = time_in_milliseconds,
  };
  return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
}
