// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.OpenFlags;
import dev.weft.internal.backend.PathRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The files of a simulation. Relative names start at the root; everything belongs to root. */
public final class FileTree {
  private static final int UMASK = 022;
  private static final int PERMISSIONS_OF_LINK = 0777;

  final Node root = new Node(1, null, true, 0755, null);
  private long nodes = 1;

  /** Sets the size of the disk that has the contents of files; call it first. */
  public void setDiskBytes(long bytes) {
    root.content.disk.resize(bytes);
  }

  /** Makes a file and its parent directories. */
  public void put(String path, byte[] content) {
    Node file = make(path, false);
    if (file.content.room(0, content.length) < content.length) {
      throw new IllegalArgumentException("the disk has no room for " + path);
    }
    file.content.write(content, 0);
  }

  /** Makes a directory and its parent directories. */
  public void putDirectory(String path) {
    make(path, true);
  }

  private Node make(String path, boolean directory) {
    Node at = root;
    List<String> names = PathLookup.names(PathLookup.text(path.getBytes(StandardCharsets.UTF_8)));
    for (int i = 0; i < names.size(); i++) {
      boolean last = i == names.size() - 1;
      Node parent = at;
      if (!parent.directory) {
        throw new IllegalArgumentException("not a directory on the way to " + path);
      }
      Node there = parent.child(names.get(i));
      boolean kind = !last || directory;
      if (there == null) {
        there = new Node(++nodes, parent, kind, kind ? 0755 : 0644, null);
        parent.children.put(names.get(i), there);
      }
      at = there;
    }
    if (at.directory != directory) {
      throw new IllegalArgumentException(
          path + " is a " + (at.directory ? "directory" : "file") + " already");
    }
    return at;
  }

  private Node newNode(
      PathLookup place, boolean directory, int permissions, @Nullable String target, long now) {
    Node made = new Node(++nodes, place.parent, directory, permissions, target);
    made.touch(now);
    made.accessed = now;
    place.parent.put(place.name, made, now);
    return made;
  }

  private PathLookup lookup(Node start, byte[] path, boolean follows) {
    return new PathLookup(root, start, path, follows);
  }

  /** open(2): finds or makes a node. The result is 0 or -errno; {@code found} gets the node. */
  int open(Node start, byte[] path, int flags, int permissions, long now, @Nullable Node[] found) {
    boolean creates = (flags & OpenFlags.CREATE) != 0;
    boolean exclusive = creates && (flags & OpenFlags.EXCLUSIVE) != 0;
    boolean follows = !exclusive && (flags & OpenFlags.NO_FOLLOW) == 0;
    PathLookup place = lookup(start, path, follows);
    if (place.result < 0) {
      return place.result;
    }
    Node at = place.node;
    if (at != null && (flags & OpenFlags.TEMPORARY) != 0) {
      return openTemporary(at, flags, permissions, now, found);
    }
    if (at != null) {
      return exclusive ? -Errno.EEXIST.code() : check(at, place, flags, now, found);
    }
    if (!creates) {
      return -Errno.ENOENT.code();
    }
    if (place.demandsDirectory()) {
      return -Errno.EISDIR.code();
    }
    if (place.parent.links == 0) {
      return -Errno.ENOENT.code();
    }
    found[0] = newNode(place, false, permissions & ~UMASK, null, now);
    return 0;
  }

  /** O_TMPFILE. */
  private int openTemporary(
      Node directory, int flags, int permissions, long now, @Nullable Node[] found) {
    if ((flags & OpenFlags.WRITE) == 0) {
      return -Errno.EINVAL.code();
    }
    if (!directory.directory) {
      return -Errno.ENOTDIR.code();
    }
    Node made = new Node(++nodes, directory, false, permissions & ~UMASK, null);
    made.links = 0;
    made.touch(now);
    made.accessed = now;
    found[0] = made;
    return 0;
  }

  private static int check(Node at, PathLookup place, int flags, long now, @Nullable Node[] to) {
    boolean write = (flags & OpenFlags.WRITE) != 0;
    to[0] = at;
    boolean wantsDirectory = place.demandsDirectory() || (flags & OpenFlags.DIRECTORY) != 0;
    if ((flags & OpenFlags.PATH) != 0) {
      return wantsDirectory && !at.directory ? -Errno.ENOTDIR.code() : 0;
    }
    if (at.target != null) { // with NO_FOLLOW
      return -(wantsDirectory ? Errno.ENOTDIR : Errno.ELOOP).code();
    }
    if (at.directory) {
      return write || (flags & OpenFlags.CREATE) != 0 ? -Errno.EISDIR.code() : 0;
    }
    if (wantsDirectory) {
      return -Errno.ENOTDIR.code();
    }
    if (write && (flags & OpenFlags.TRUNCATE) != 0) {
      at.content.resize(0);
      at.touch(now);
    }
    return 0;
  }

  // ---- names: each returns 0 or -errno

  int stat(Node start, PathRequest request) {
    PathLookup place = lookup(start, request.name(), request.has(PathRequest.FOLLOW));
    Node at = place.node;
    if (place.result < 0 || at == null) {
      return place.result < 0 ? place.result : -Errno.ENOENT.code();
    }
    if (place.demandsDirectory() && !at.directory) {
      return -Errno.ENOTDIR.code();
    }
    at.fill(request.attributes());
    return 0;
  }

  /** Whether a name can be made: 0, or -errno. */
  private static int checkNew(PathLookup place, boolean directory) {
    if (place.result < 0) {
      return place.result;
    }
    if (place.node != null) {
      return -Errno.EEXIST.code();
    }
    boolean refused = place.parent.links == 0 || (place.demandsDirectory() && !directory);
    return refused ? -Errno.ENOENT.code() : 0;
  }

  int setPermissions(Node start, PathRequest request, long now) {
    PathLookup place = lookup(start, request.name(), true);
    Node at = place.node;
    if (place.result < 0 || at == null) {
      return place.result < 0 ? place.result : -Errno.ENOENT.code();
    }
    return place.demandsDirectory() && !at.directory
        ? -Errno.ENOTDIR.code()
        : at.setPermissions(request.permissions(), now);
  }

  int makeDirectory(Node start, PathRequest request, long now) {
    PathLookup place = lookup(start, request.name(), false);
    int refusal = checkNew(place, true);
    if (refusal == 0) {
      newNode(place, true, request.permissions() & ~UMASK, null, now);
    }
    return refusal;
  }

  int symlink(Node start, PathRequest request, long now) {
    String target = PathLookup.text(request.name());
    if (target.isEmpty()) {
      return -Errno.ENOENT.code();
    }
    PathLookup place = lookup(start, request.otherName(), false);
    int refusal = checkNew(place, false);
    if (refusal == 0) {
      newNode(place, false, PERMISSIONS_OF_LINK, target, now);
    }
    return refusal;
  }

  int readLink(Node start, PathRequest request) {
    PathLookup place = lookup(start, request.name(), false);
    Node at = place.node;
    if (place.result < 0 || at == null) {
      return place.result < 0 ? place.result : -Errno.ENOENT.code();
    }
    String target = at.target;
    return target == null
        ? -Errno.EINVAL.code()
        : request.answer(target.getBytes(StandardCharsets.ISO_8859_1));
  }

  int xattr(Opcode opcode, Node start, PathRequest request, long now) {
    if (request.isInDirectory()) {
      return Xattrs.perform(opcode, start, request, now);
    }
    PathLookup place = lookup(start, request.name(), request.has(PathRequest.FOLLOW));
    Node at = place.node;
    if (place.result < 0 || at == null) {
      return place.result < 0 ? place.result : -Errno.ENOENT.code();
    }
    return Xattrs.perform(opcode, at, request, now);
  }

  int remove(Node start, PathRequest request, long now) {
    boolean directory = request.has(PathRequest.DIRECTORY);
    PathLookup place = lookup(start, request.name(), false);
    Node at = place.node;
    if (place.result < 0 || at == null) {
      return place.result < 0 ? place.result : -Errno.ENOENT.code();
    }
    if (directory && place.endsInDots()) {
      return -(place.name.equals(".") ? Errno.EINVAL : Errno.ENOTEMPTY).code();
    }
    if (directory != at.directory) {
      return -(directory ? Errno.ENOTDIR : Errno.EISDIR).code();
    }
    if (!directory && place.demandsDirectory()) {
      return -Errno.ENOTDIR.code();
    }
    if (!at.children.isEmpty()) {
      return -Errno.ENOTEMPTY.code();
    }
    place.parent.remove(place.name, at, now);
    return 0;
  }

  int link(Node start, Node otherStart, PathRequest request, long now) {
    PathLookup old = lookup(start, request.name(), request.has(PathRequest.FOLLOW));
    Node at = old.node;
    if (old.result < 0 || at == null) {
      return old.result < 0 ? old.result : -Errno.ENOENT.code();
    }
    PathLookup place = lookup(otherStart, request.otherName(), false);
    int refusal = checkNew(place, false);
    if (refusal < 0) {
      return refusal;
    }
    if (at.directory) {
      return -Errno.EPERM.code();
    }
    at.links++;
    at.changed = now;
    place.parent.put(place.name, at, now);
    return 0;
  }

  int rename(Node start, Node otherStart, PathRequest request, long now) {
    PathLookup from = lookup(start, request.name(), false);
    PathLookup to = lookup(otherStart, request.otherName(), false);
    int refusal = checkRename(from, to, request);
    Node moved = from.node;
    Node replaced = to.node;
    if (refusal < 0 || moved == null || moved == replaced) {
      return refusal;
    }
    from.parent.children.remove(from.name);
    if (request.has(PathRequest.EXCHANGE) && replaced != null) {
      from.parent.put(from.name, replaced, now);
      replaced.changed = now;
    } else if (replaced != null) {
      to.parent.remove(to.name, replaced, now);
    }
    from.parent.touch(now);
    to.parent.put(to.name, moved, now);
    moved.changed = now;
    return 0;
  }

  private static int checkRename(PathLookup from, PathLookup to, PathRequest request) {
    if (from.result < 0 || to.result < 0) {
      return from.result < 0 ? from.result : to.result;
    }
    if (from.endsInDots() || to.endsInDots()) {
      return -Errno.EBUSY.code();
    }
    Node moved = from.node;
    Node replaced = to.node;
    boolean exchanges = request.has(PathRequest.EXCHANGE);
    if (moved == null || (exchanges && replaced == null)) {
      return -Errno.ENOENT.code();
    }
    if (replaced != null && request.has(PathRequest.NO_REPLACE)) {
      return -Errno.EEXIST.code();
    }
    if (!moved.directory && (from.demandsDirectory() || (!exchanges && to.demandsDirectory()))) {
      return -Errno.ENOTDIR.code();
    }
    if (moved.directory && moved.contains(to.parent)) {
      return -Errno.EINVAL.code();
    }
    if (to.parent.links == 0) {
      return -Errno.ENOENT.code();
    }
    return replaced == null ? 0 : checkReplaced(moved, replaced, from.parent, exchanges);
  }

  private static int checkReplaced(Node moved, Node replaced, Node parent, boolean exchanges) {
    if (replaced.directory && replaced != moved && replaced.contains(parent)) {
      return -(exchanges ? Errno.EINVAL : Errno.ENOTEMPTY).code();
    }
    if (exchanges || moved == replaced) {
      return 0;
    }
    if (moved.directory != replaced.directory) {
      return -(moved.directory ? Errno.ENOTDIR : Errno.EISDIR).code();
    }
    return replaced.children.isEmpty() ? 0 : -Errno.ENOTEMPTY.code();
  }
}
