import { computed, ref } from "vue";
import type { Text } from "../shared/text";
import type { BookingDeskView, BookingOptionsView, BookingsView, BookingView, DecideBooking, NewBooking } from "../wire.gen";
import { useDesk } from "./desk";

/** Requests of a term, for whoever decides about them; `termId` null: those of one's own school, which asks. */
export function useBookings(text: Text, termId: string | null) {
  const { busy, failed, doing, call } = useDesk(text);
  const bookings = ref<BookingView[] | null>(null);
  const desk = ref<BookingDeskView | null>(null);
  const options = ref<{ id: string; options: BookingOptionsView["options"] } | null>(null);

  async function read(): Promise<void> {
    if (termId === null) {
      desk.value = await call<BookingDeskView>("GET", "bookings");
      bookings.value = desk.value.bookings;
    } else {
      bookings.value = (await call<BookingsView>("GET", `terms/${termId}/bookings`)).bookings;
    }
  }

  void doing(read);
  return {
    bookings, desk, options, busy, failed,
    open: computed(() => (bookings.value ?? []).filter((one) => one.state === "asked").length),
    ask: (term: string, body: NewBooking) =>
      doing(async () => {
        await call<BookingView>("POST", `terms/${term}/bookings`, body);
        await read();
        return true;
      }),
    withdraw: (id: string) =>
      doing(async () => {
        await call("POST", `bookings/${id}/withdraw`, {});
        await read();
      }),
    look: (id: string) => doing(async () => void (options.value = { id, ...(await call<BookingOptionsView>("GET", `bookings/${id}/options`)) })),
    decide: (id: string, body: DecideBooking) =>
      doing(async () => {
        await call("POST", `bookings/${id}/decide`, body);
        options.value = null;
        await read();
      }),
  };
}
