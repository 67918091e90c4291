package org.zeroseg.core.tensor;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Where the engine's natives are unpacked to and loaded from: nowhere that another user of the
 * machine could have put a library.
 *
 * @param home the user's home
 * @param temporary the machine's folder for temporary files
 */
record NativesFolder(Path home, Path temporary) {

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final int STICKY = 0_1000;

  static NativesFolder ofProcess() {
    return new NativesFolder(
        Path.of(System.getProperty("user.home", "")),
        Path.of(System.getProperty("java.io.tmpdir")));
  }

  /**
   * The folder that the user has named, if any; who names one answers for who may write to it.
   *
   * @param settings a setting's value by its name, or null
   */
  static Optional<Path> named(UnaryOperator<String> settings) {
    for (String name : new String[] {"ENGINE_CACHE_DIR", "DJL_CACHE_DIR"}) {
      String value = settings.apply(name);
      if (value != null && !value.isEmpty()) {
        return Optional.of(Path.of(value));
      }
    }
    return Optional.empty();
  }

  /** What DJL takes, too, where only this user may write to it; otherwise a folder made so. */
  Path choose() throws IOException {
    Path usual = home.resolve(".djl.ai");
    if (!home.toString().isEmpty() && Files.isDirectory(home) && Files.isWritable(home)) {
      if (!posix(home)) {
        return usual;
      }
      String me = owner();
      if (closed(home, me) && closed(usual, me) && closed(usual.resolve("pytorch"), me)) {
        return usual;
      }
    }
    return own();
  }

  private Path own() throws IOException {
    if (!posix(temporary)) {
      return Files.createDirectories(temporary.resolve("zeroseg-natives")); // the user's own there
    }
    String me = owner();
    // Without the sticky bit others may exchange what does not belong to them.
    int mode = (int) Files.getAttribute(temporary, "unix:mode");
    if (!closed(temporary, me) && (mode & STICKY) == 0) {
      throw new IOException(temporary + " lets other users exchange files");
    }
    Path folder = temporary.resolve("zeroseg-natives-" + me.replaceAll("[^A-Za-z0-9_-]", "_"));
    try {
      return Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    } catch (FileAlreadyExistsException e) {
      PosixFileAttributes found =
          Files.readAttributes(folder, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!found.isDirectory()
          || !found.owner().getName().equals(me)
          || !OWNER_ONLY.containsAll(found.permissions())) {
        throw new IOException(
            folder
                + " is not a folder of this user's own that nobody else may enter (it belongs to "
                + found.owner().getName()
                + ", permissions "
                + PosixFilePermissions.toString(found.permissions())
                + ")",
            e);
      }
      return folder;
    }
  }

  /** Who this process is: the name of a user without one is its number. */
  private String owner() throws IOException {
    Path probe = Files.createTempFile(temporary, "zeroseg", null);
    try {
      return Files.getOwner(probe).getName();
    } finally {
      Files.delete(probe);
    }
  }

  /**
   * Whether nobody but a user and the administrator can write there, or there is nothing yet. A
   * group that is called as its owner has the owner only.
   */
  private static boolean closed(Path folder, String user) throws IOException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return true;
    }
    PosixFileAttributes found = Files.readAttributes(folder, PosixFileAttributes.class);
    String owner = found.owner().getName();
    boolean ofGroup =
        found.permissions().contains(PosixFilePermission.GROUP_WRITE)
            && !found.group().getName().equals(owner);
    return found.isDirectory()
        && (owner.equals(user) || owner.equals("root"))
        && !ofGroup
        && !found.permissions().contains(PosixFilePermission.OTHERS_WRITE);
  }

  private static boolean posix(Path folder) throws IOException {
    return Files.getFileStore(folder).supportsFileAttributeView("posix");
  }
}
