# frozen_string_literal: true

require "digest"
require "fileutils"
require "json"
require "mechanize"

module Importers
  # Base class of all gatherers. A gatherer implements `gather`, which logs in and gives an array of Bill.
  class Gatherer
    include Lookups
    include Reading

    SILENT = [
      Errno::ECONNREFUSED, Errno::ECONNRESET, Errno::EHOSTUNREACH, Errno::ENETUNREACH, Errno::EPIPE, Errno::ETIMEDOUT,
      Mechanize::ResponseReadError, Net::HTTP::Persistent::Error, Net::OpenTimeout, Net::ReadTimeout,
      OpenSSL::SSL::SSLError, SocketError
    ].freeze
    MAINTENANCE = /scheduled maintenance|down for maintenance|temporarily unavailable|plánovaná odstávka/i

    attr_reader :username, :password, :recorder

    # `portal` is the portal's address; `out` the output folder.
    def initialize(name:, portal:, username:, password:, out:, recorder:)
      @name = name
      @portal = portal.chomp("/")
      @username = username
      @password = password
      @out = out
      @recorder = recorder
      @agent = Mechanize.new { |agent| set_up(agent) }
    end

    private

    def set_up(agent)
      agent.user_agent_alias = "Linux Firefox"
      agent.open_timeout = 10
      agent.read_timeout = 30
      agent.max_history = 1
      recorder.attach(agent)
    end

    # GET a page: "login" is below the portal's address, "/login" and "https://…" are as a page gave them.
    def get(path)
      reach { @agent.get(address(path)) }
    end

    def follow(link)
      reach { link.click }
    end

    def submit(form)
      reach { form.submit(form.buttons.first) }
    end

    # GET parsed JSON.
    def get_json(path)
      body = reach { @agent.get(address(path), [], nil, "Accept" => "application/json") }.body
      JSON.parse(body).tap { |json| recorder.belongs(json) }
    rescue JSON::ParserError
      raise SourceChanged.new("the answer is no JSON", at: here)
    end

    # Fetch a PDF and save it as NAME/`as`.pdf in the output folder.
    def save_pdf(href, as:)
      content = reach { @agent.get(address(href)) }.body
      raise SourceChanged.new("what should be a PDF is none", at: here) unless content.start_with?("%PDF-")

      path = "#{@name}/#{as}.pdf"
      FileUtils.mkdir_p(File.join(@out, @name))
      File.binwrite(File.join(@out, path), content)
      Pdf.new(path: path, sha256: Digest::SHA256.hexdigest(content), content: content)
    end

    # Raise AuthFailed when the page shows the portal's refusal.
    def refused!(page, refusal)
      raise AuthFailed.new("the portal refused the login", at: here) if squish(page.parser.text).include?(refusal)
    end

    def address(path)
      URI.join("#{@portal}/", path).to_s
    end

    def reach
      page = yield
      return page unless page.is_a?(Mechanize::Page)

      recorder.belongs(page.parser)
      raise SourceDown.new("the portal shows a maintenance page", at: here) if maintenance?(page)

      page
    rescue Mechanize::ResponseCodeError => error
      raise answered(error.response_code)
    rescue *SILENT => error
      raise SourceDown.new("the portal does not answer (#{error.class})", at: here)
    end

    def answered(code)
      kind = code == "401" ? AuthFailed : SourceChanged
      kind = SourceDown if code.start_with?("5")
      kind.new("the portal answered #{code}", at: here)
    end

    def maintenance?(page)
      page.parser.css("title, h1").any? { |node| MAINTENANCE.match?(squish(node.text)) }
    end

    # The newest step, where no lookup is to blame.
    def here
      Recorder::Lookup.new(step: recorder.current)
    end
  end
end
