# frozen_string_literal: true

module Importers
  module Gatherers
    # Cascade Public Utility District: a history of several pages, one page a bill.
    class Cascade < Gatherer
      def gather
        page = follow(link!(choose_address(login), "Billing History"))
        history(page).flat_map { |list| all!(list, "tr.gridRow a.gridLink").to_a }.map { |anchor| bill(get(anchor["href"])) }
      end

      private

      def login
        form = form!(get("login"), "form#frmSignIn")
        field!(form, "ctl00$Main$txtUserId").value = username
        field!(form, "ctl00$Main$txtPassword").value = password
        submit(form).tap { |answer| refused!(answer, "The user ID or password is not correct") }
      end

      def choose_address(page)
        submit(form!(page, "form#frmServiceAddress"))
      end

      # All pages of the history, which says "Page 1 of 3".
      def history(page)
        count = text(at!(page, "span#ctl00_Main_lblPages"))[/\d+\z/].to_i
        (2..count).each_with_object([page]) { |_, pages| pages << follow(link!(pages.last, "Next")) }
      end

      def bill(page)
        from, to = period(at!(page, "#ctl00_Main_lblServicePeriod"), "%m/%d/%Y")
        Bill.new(
          account: text(at!(page, "#ctl00_Main_lblAccount")),
          period_start: from,
          period_end: to,
          due_date: date(at!(page, "#ctl00_Main_lblDueDate"), "%m/%d/%Y"),
          amount: money(at!(page, "#ctl00_Main_lblAmountDue")),
          currency: "USD",
          meter_reading: reading(at!(page, "#ctl00_Main_lblReading")),
          pdf: save_pdf(at!(page, "a#ctl00_Main_lnkPdf")["href"], as: to.iso8601)
        )
      end
    end
  end
end
