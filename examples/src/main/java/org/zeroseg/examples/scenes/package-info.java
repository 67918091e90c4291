/** What worlds of scenes share: pictures with what is true of them, and the files made of them. */
package org.zeroseg.examples.scenes;
