package org.zeroseg.core.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativesFolderTest {

  @TempDir private Path folder;

  private Path home;
  private Path temporary;

  @BeforeEach
  void folders() throws IOException {
    assumeTrue(Files.getFileStore(folder).supportsFileAttributeView("posix"));
    home = permit(Files.createDirectory(folder.resolve("home")), "rwxr-xr-x");
    temporary = permit(Files.createDirectory(folder.resolve("temporary")), "rwxr-xr-x");
  }

  private static Path permit(Path path, String permissions) throws IOException {
    return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  private Path choose() throws IOException {
    return new NativesFolder(home, temporary).choose();
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void aHomeThatOnlyItsUserWritesToIsTaken() throws IOException {
    assertEquals(home.resolve(".djl.ai"), choose());
    permit(Files.createDirectory(home.resolve(".djl.ai")), "rwxr-xr-x");
    assertEquals(home.resolve(".djl.ai"), choose());
  }

  @Test
  void withoutAHomeAPrivateFolderIsMadeAndTakenAgain() throws IOException {
    Files.delete(home);
    Path own = choose();
    assertEquals(temporary, own.getParent());
    assertEquals("rwx------", permissions(own));
    assertEquals(own, choose());
  }

  @Test
  void aHomeThatOthersWriteToIsNotTaken() throws IOException {
    permit(home, "rwxrwxrwx");
    assertEquals(temporary, choose().getParent());
  }

  @Test
  void aFolderInTheHomeThatOthersWriteToIsNotTaken() throws IOException {
    Path natives = Files.createDirectories(home.resolve(".djl.ai").resolve("pytorch"));
    permit(natives, "rwxrwxrwx");
    assertEquals(temporary, choose().getParent());
  }

  @Test
  void aPrivateFolderThatOthersMayEnterIsRefused() throws IOException {
    Files.delete(home);
    Path own = choose();
    permit(own, "rwxr-xr-x");
    IOException refused = assertThrows(IOException.class, this::choose);
    assertTrue(refused.getMessage().contains(own.toString()), refused.getMessage());
    assertTrue(refused.getMessage().contains("rwxr-xr-x"), refused.getMessage());
  }

  @Test
  void aLinkInPlaceOfThePrivateFolderIsRefused() throws IOException {
    Files.delete(home);
    Path own = choose();
    Files.delete(own);
    Files.createSymbolicLink(own, permit(Files.createDirectory(folder.resolve("x")), "rwx------"));
    assertThrows(IOException.class, this::choose);
  }

  @Test
  void aTemporaryFolderInWhichOthersExchangeFilesIsRefused() throws IOException {
    Files.delete(home);
    permit(temporary, "rwxrwxrwx");
    IOException refused = assertThrows(IOException.class, this::choose);
    assertTrue(refused.getMessage().contains(temporary.toString()), refused.getMessage());
  }

  @Test
  void aFolderThatTheUserNamesIsTaken() {
    assertEquals(
        Optional.of(Path.of("/natives")),
        NativesFolder.named(Map.of("ENGINE_CACHE_DIR", "/natives", "DJL_CACHE_DIR", "/djl")::get));
    assertEquals(
        Optional.of(Path.of("/djl")), NativesFolder.named(Map.of("DJL_CACHE_DIR", "/djl")::get));
    assertEquals(Optional.empty(), NativesFolder.named(Map.of("DJL_CACHE_DIR", "")::get));
  }
}
