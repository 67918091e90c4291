/** The page and the REST API of {@code zeroseg serve}, and Label Studio's protocol on it. */
package org.zeroseg.examples.serve;
